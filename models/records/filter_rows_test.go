package records_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/records"
)

// The clock of the tests stands at Sunday, 2026-11-22, 09:30 UTC.
func TestFilter_FindsTheSameRowsOnBothDatabases(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		category := f.addTo("categories", `{"title": "Travel", "owner": 2}`)
		f.add(`{"title": "empty"}`)
		f.add(`{"title": "past", "amount": 9.99, "day": "2025-12-31", "due": "2025-12-31T23:30:00Z", "urgent": false, "note": "100% sure_"}`)
		f.add(`{"title": "today", "amount": 10, "day": "2026-11-22", "due": "2026-11-22T09:30:00Z", "urgent": true, "category": ` + category + `}`)
		f.add(`{"title": "later", "amount": 10.01, "day": "2026-11-30", "due": "2026-11-30T23:30:00Z", "note": "ÅNGSTRÖM", "applicant": 3}`)
		for filter, want := range map[string]string{
			`{"amount": 10.00}`:                                                           "today",
			`{"amount": {"$gt": 9.995}}`:                                                  "today later",
			`{"amount": {"$gte": 10.005}}`:                                                "later",
			`{"amount": {"$lt": 9.995}}`:                                                  "past",
			`{"amount": {"$lte": 1e40}}`:                                                  "past today later",
			`{"amount": {"$gt": -1e40}}`:                                                  "past today later",
			`{"amount": {"$ne": 10}}`:                                                     "empty past later",
			`{"amount": {"$notIn": [10, 9.99]}}`:                                          "empty later",
			`{"amount": {"$in": [null, 10]}}`:                                             "empty today",
			`{"amount": {"$between": [9.99, 10]}}`:                                        "past today",
			`{"day": "2026-11-22"}`:                                                       "today",
			`{"day": {"$dateOn": "2026"}}`:                                                "today later",
			`{"day": {"$dateOn": "2026Q4"}}`:                                              "today later",
			`{"day": {"$dateNotOn": "2026"}}`:                                             "empty past",
			`{"day": {"$dateBefore": "thisWeek"}}`:                                        "past",
			`{"day": {"$dateAfter": "today"}}`:                                            "later",
			`{"day": {"$dateNotAfter": "today"}}`:                                         "past today",
			`{"day": {"$dateNotBefore": "2026-11-22"}}`:                                   "today later",
			`{"day": {"$dateBetween": ["2026-11-22", "2026-11-30"]}}`:                     "today later",
			`{"day": {"$dateOn": "nextWeek"}}`:                                            "",
			`{"day": {"$dateOn": {"type": "next", "number": 9, "unit": "day"}}}`:          "today later",
			`{"day": {"$dateOn": {"type": "past", "number": 12, "unit": "month"}}}`:       "past today later",
			`{"day": {"$empty": true}}`:                                                   "empty",
			`{"due": {"$dateOn": "today"}}`:                                               "today",
			`{"due": {"$eq": "2026-11-22T10:30:00+01:00"}}`:                               "today",
			`{"due": {"$gt": "now"}}`:                                                     "later",
			`{"due": {"$gte": "now"}}`:                                                    "today later",
			`{"due": {"$dateBetween": ["2026-11-22T09:30:00Z", "2026-11-30T23:30:00Z"]}}`: "today",
			`{"due": {"$dateBetween": ["2026-11-22", "2026-11-30"]}}`:                     "today later",
			`{"due": {"$dateBefore": {"type": "past", "number": 1, "unit": "hour"}}}`:     "past",
			`{"urgent": {"$isFalsy": true}}`:                                              "empty past later",
			`{"urgent": {"$isTruly": true}}`:                                              "today",
			`{"urgent": false}`:                                                           "past",
			`{"urgent": {"$ne": true}}`:                                                   "empty past later",
			`{"note": {"$includes": "0% S"}}`:                                             "past",
			`{"note": {"$endsWith": "SURE_"}}`:                                            "past",
			`{"note": {"$startsWith": "ångs"}}`:                                           "later",
			`{"note": {"$includes": ["tröm", "sure"]}}`:                                   "past later",
			`{"note": {"$notEndsWith": "ström"}}`:                                         "empty past today",
			`{"note": "ångström"}`:                                                        "",
			`{"title": {"$in": ["past", "later"]}}`:                                       "past later",
			`{"category.title": "Travel"}`:                                                "today",
			`{"category": {"owner": {"nickname": {"$includes": "AN"}}}}`:                  "today",
			`{"category.owner.nickname": {"$ne": "ana"}}`:                                 "empty past later",
			`{"category": {"$exists": false}}`:                                            "empty past later",
			`{"applicant": {"$in": [3, 99]}}`:                                             "later",
			`{"$or": [{"urgent": true}, {"amount": {"$lt": 10}}]}`:                        "past today",
			`{"$not": {"$or": [{"urgent": true}, {"amount": {"$lt": 10}}]}}`:              "empty later",
			`{"$and": [{}, {"title": "past"}], "$or": [{}]}`:                              "past",
		} {
			page, err := f.listErr(records.Query{Filter: parse(f, filter), Sort: []string{"id"}})
			require.NoError(f, err, filter)
			var got []string
			for _, title := range column(page.Records, "title") {
				s, _ := title.(string)
				got = append(got, s)
			}
			require.Equal(f, want, strings.Join(got, " "), filter)
		}
	})
}

func TestFilter_PeriodsFollowTheZone(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		f.add(`{"title": "a", "due": "2026-11-22T23:30:00Z"}`)
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		require.NoError(t, err)
		stockholm, err := time.LoadLocation("Europe/Stockholm")
		require.NoError(t, err)
		for zone, want := range map[*time.Location]int{time.UTC: 1, stockholm: 0, tokyo: 0} {
			require.Len(f, f.list(records.Query{Filter: parse(f, `{"due": "2026-11-22"}`), Zone: zone}).Records, want, zone)
			require.Len(f, f.list(records.Query{Filter: parse(f, `{"due": "2026-11-23"}`), Zone: zone}).Records, 1-want, zone)
		}
	})
}
