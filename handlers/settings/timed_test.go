package settings_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/node"
	"formrail/handlers/settings"
	"formrail/models/field"
	views "formrail/views/settings"
)

// calendar knows bills with dates, and projects they belong to.
type calendar struct{ schema }

func (calendar) Collection(name string) (node.CollectionInfo, bool) {
	f := func(name string, kind field.Kind, target string) node.FieldInfo {
		return node.FieldInfo{Field: field.Field{Name: name, Kind: kind, Label: name, Target: target}}
	}
	switch name {
	case "bills":
		return node.CollectionInfo{Name: name, Fields: []node.FieldInfo{f("title", field.Text, ""), f("dueOn", field.DateOnly, ""), f("sentAt", field.DateTime, ""), f("project", field.ManyToOne, "projects")}}, true
	case "projects":
		return node.CollectionInfo{Name: name, Fields: []node.FieldInfo{f("endsOn", field.DateOnly, "")}}, true
	}
	return node.CollectionInfo{}, false
}

func timedForm() []field.Field {
	return []field.Field{
		{Name: "basis", Kind: field.Select, Label: "Starts", Default: "time", Options: field.Choices("time", "Time", "date_field", "Date")},
		{Name: "collection", Kind: field.Collection, Label: "Collection", When: &field.When{Field: "basis", Values: []string{"date_field"}}},
		{Name: "startsOn", Kind: field.MomentKind, Label: "First time"},
		{Name: "repeat", Kind: field.RepeatKind, Label: "Repeat"},
	}
}

func TestTimed_WhatIsStoredComesBackUnchanged(t *testing.T) {
	t.Parallel()
	for _, config := range []map[string]any{
		{"startsOn": "2026-12-01T09:00"},
		{"startsOn": "2026-12-01T09:00:00+01:00", "repeat": map[string]any{"every": "3mo"}},
		{"repeat": map[string]any{"cron": "0 0 9 * * MON-FRI"}},
		{"basis": "date_field", "collection": "bills", "startsOn": map[string]any{"field": "dueOn", "offset": "-3d", "at": "09:00"}},
		{"basis": "date_field", "collection": "bills", "startsOn": map[string]any{"field": "project.endsOn", "offset": "12h"}},
		{"basis": "date_field", "collection": "bills", "startsOn": map[string]any{"field": "sentAt"}},
	} {
		form := settings.Stored(timedForm(), config, settings.Around{Schema: calendar{}})
		require.Equal(t, config, form.Config())
		sent := settings.Sent(timedForm(), config, settings.Parse(url.Values{"set.repeat.sent": {"1"}}, views.Prefix), settings.Around{Schema: calendar{}})
		require.Equal(t, config, sent.Config(), "what was not shown stays")
	}
}

func TestTimed_ReadsWhatWasSent(t *testing.T) {
	t.Parallel()
	send := func(config map[string]any, form url.Values) *settings.Form {
		return settings.Sent(timedForm(), config, settings.Parse(form, views.Prefix), settings.Around{Schema: calendar{}})
	}
	require.Equal(t, map[string]any{"startsOn": "2026-12-01T09:00", "repeat": map[string]any{"every": "2w"}}, send(nil, url.Values{
		"set.startsOn.at": {"2026-12-01T09:00"}, "set.repeat.as": {"every"}, "set.repeat.amount": {"2"}, "set.repeat.unit": {"w"},
	}).Config())
	require.Equal(t, map[string]any{"repeat": map[string]any{"cron": "0 5 4 * * *"}}, send(nil, url.Values{"set.repeat.as": {"cron"}, "set.repeat.cron": {" 5  4 * * *"}}).Config())
	require.Empty(t, send(map[string]any{"repeat": map[string]any{"every": "1d"}}, url.Values{"set.repeat.as": {"none"}}).Config())

	dated := send(nil, url.Values{"set.basis": {"date_field"}, "set.collection": {"bills"}, "set.startsOn.at": {""}})
	in := dated.Inputs(t.Context(), nil)[2]
	require.Equal(t, "field", in.Timed.As, "a fixed time that was left empty was no choice")
	var names []string
	for _, c := range in.Timed.Fields {
		names = append(names, c.Value)
	}
	require.Equal(t, []string{"dueOn", "sentAt", "project.endsOn"}, names)
	config := map[string]any{"basis": "date_field", "collection": "bills"}
	before := url.Values{"set.startsOn.as": {"field"}, "set.startsOn.field": {"dueOn"}, "set.startsOn.sign": {"-"}, "set.startsOn.amount": {"3"}, "set.startsOn.unit": {"d"}, "set.startsOn.clock": {"08:30"}}
	require.Equal(t, map[string]any{"field": "dueOn", "offset": "-3d", "at": "08:30"}, send(config, before).Config()["startsOn"])
	require.True(t, send(config, before).Inputs(t.Context(), nil)[2].Timed.WithClock)
	config["startsOn"] = map[string]any{"field": "dueOn"}
	require.NotContains(t, send(config, url.Values{"set.collection": {"projects"}}).Config(), "startsOn", "another collection has other dates")
}
