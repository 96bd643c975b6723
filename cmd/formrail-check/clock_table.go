package main

import "fmt"

// journey is what the clock of a server shows, one move after another.
type journey struct {
	name  string
	many  bool   // there are tens of millions of slots
	start string // when its workflows are published and what waits begins
	slots []timed
	waits []waiter
	// moves are instants that the clock is set to, in any order; "<instant> while down" sets
	// it while the server is stopped, "kill" kills the server and starts it again.
	moves []string
}

// timed is a schedule and what must become of it.
type timed struct {
	key     string
	config  string
	fired   []string // in UTC
	fires   int      // instead of fired: only how many
	skipped int      // slots that have a row with a reason instead
}

// waiter is an execution that waits, for a time or until its own time is over.
type waiter struct {
	key     string
	delay   string // settings of the delay
	timeout string // of the workflow; empty for none
	inside  bool   // the delay is in a workflow that this one calls
	until   string // it waits at least until the clock has shown this
	ends    string // status in the end
	effects int    // records that it left then
}

// key is a workflow's own in the whole run.
func (j journey) key(of string) string { return j.name + "_" + of }

// leaves is the step that leaves a record with a mark.
func leaves(mark string) string {
	return fmt.Sprintf(`{"key":"eff","type":"create_record","config":{"collection":"effects","values":{"mark":%q}}}`, mark)
}

// workflows are the definitions of what waits; the last one is started.
func (w waiter) workflows(j journey) []string {
	key, options := j.key(w.key), ""
	if w.timeout != "" {
		options = fmt.Sprintf(`"options":{"timeout":%q},`, w.timeout)
	}
	nodes := fmt.Sprintf(`{"key":"wait","type":"delay","config":%s},%s`, w.delay, leaves(key))
	if !w.inside {
		return []string{fmt.Sprintf(`{"key":%q,"title":%q,"type":"webhook","config":{"response":{"body":"{}"}},%s"nodes":[%s]}`, key, key, options, nodes)}
	}
	return []string{
		fmt.Sprintf(`{"key":"%s_in","title":"%s_in","type":"subworkflow","nodes":[%s]}`, key, key, nodes),
		fmt.Sprintf(`{"key":%q,"title":%q,"type":"webhook","config":{"response":{"body":"{}"}},%s"nodes":[{"key":"call","type":"subflow","config":{"workflow":"%s_in"}}]}`, key, key, options, key),
	}
}

// journeys are all cases. Times of day are those of the zone that a case names; what fires is
// written down by hand, not worked out by the code under test.
func journeys(quick bool) []journey {
	list := []journey{springForward(), monthEnds(), deadlines(), overBoth()}
	if quick {
		return list
	}
	return append(list, fallBack(), shortDay(), longDay(), halfAnHour(), newYork(), backAndForth(), years(), seconds())
}

// springForward is Berlin, 28 March 2027: at 01:00Z the wall jumps from 02:00 to 03:00.
func springForward() journey {
	const berlin = `"timezone":"Europe/Berlin"`
	return journey{
		name: "spring", start: "2027-03-27T23:00:05Z",
		slots: []timed{
			{key: "skipped", config: `{"repeat":{"cron":"0 30 2 * * *"},` + berlin + `}`, fired: []string{"2027-03-28T01:00:00Z"}},
			{key: "at_the_gap", config: `{"repeat":{"cron":"0 0 2 * * *"},` + berlin + `}`, fired: []string{"2027-03-28T01:00:00Z"}},
			{key: "after_the_gap", config: `{"repeat":{"cron":"0 0 3 * * *"},` + berlin + `}`, fired: []string{"2027-03-28T01:00:00Z"}},
			{key: "hourly", config: `{"repeat":{"cron":"0 0 * * * *"},` + berlin + `}`, fired: []string{"2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"}},
			{key: "daily", config: `{"startsOn":"2027-03-26T02:30:00+01:00","repeat":{"every":"1d"},` + berlin + `}`, fired: []string{"2027-03-28T01:00:00Z"}},
			{key: "elapsed", config: `{"startsOn":"2027-03-27T22:30:00Z","repeat":{"every":"1h"},` + berlin + `}`, fired: []string{"2027-03-27T23:30:00Z", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z"}},
		},
		waits: []waiter{
			{key: "two_hours", delay: `{"for":"2h"}`, until: "2027-03-28T01:00:05Z", ends: "succeeded", effects: 1},
		},
		moves: []string{
			"2027-03-28T00:00:30Z", "2027-03-28T00:59:30Z", "2027-03-28T01:00:30Z", "2027-03-28T01:30:30Z", "2027-03-28T02:00:30Z",
			"2027-03-28T02:00:45Z", "kill", "2027-03-28T02:20:00Z",
		},
	}
}

// fallBack is Berlin, 31 October 2027: at 01:00Z the wall goes back from 03:00 to 02:00.
func fallBack() journey {
	const berlin = `"timezone":"Europe/Berlin"`
	return journey{
		name: "autumn", start: "2027-10-30T23:00:05Z",
		slots: []timed{
			{key: "doubled", config: `{"repeat":{"cron":"0 30 2 * * *"},` + berlin + `}`, fired: []string{"2027-10-31T00:30:00Z"}},
			{key: "begin", config: `{"repeat":{"cron":"0 0 2 * * *"},` + berlin + `}`, fired: []string{"2027-10-31T00:00:00Z"}},
			{key: "end", config: `{"repeat":{"cron":"0 0 3 * * *"},` + berlin + `}`, fired: []string{"2027-10-31T02:00:00Z"}},
			{key: "hourly", config: `{"repeat":{"cron":"0 0 * * * *"},` + berlin + `}`, fired: []string{"2027-10-31T00:00:00Z", "2027-10-31T01:00:00Z", "2027-10-31T02:00:00Z"}},
			{key: "daily", config: `{"startsOn":"2027-10-29T02:30:00+02:00","repeat":{"every":"1d"},` + berlin + `}`, fired: []string{"2027-10-31T00:30:00Z"}},
		},
		moves: []string{
			"2027-10-31T00:00:30Z", "2027-10-31T00:30:30Z", "2027-10-31T01:00:30Z", "kill", "2027-10-31T01:30:30Z", "2027-10-31T02:00:30Z",
			"2027-10-31T02:30:30Z",
		},
	}
}

// monthEnds goes over 31 January, the leap day, 31 March and 30 April 2028, each ten seconds
// after nine.
func monthEnds() journey {
	ends := []string{"2028-01-31T09:00:00Z", "2028-02-29T09:00:00Z", "2028-03-31T09:00:00Z", "2028-04-30T09:00:00Z"}
	const daily = `{"startsOn":"2028-01-31T09:00:00Z","repeat":{"every":"1d"},`
	return journey{
		name: "months", start: "2028-01-30T12:00:05Z",
		slots: []timed{
			{key: "leap_day", config: `{"repeat":{"cron":"0 0 9 29 2 *"}}`, fired: ends[1:2]},
			{key: "the_31st", config: `{"repeat":{"cron":"0 0 9 31 * *"}}`, fired: []string{ends[0], ends[2]}},
			{key: "monthly", config: `{"startsOn":"2028-01-31T09:00:00Z","repeat":{"every":"1mo"}}`, fired: ends},
			{key: "none", config: daily + `"misfire":"none"}`, fired: ends, skipped: 28 + 30 + 29},
			{key: "latest", config: daily + `"misfire":"latest"}`, fires: 1 + 2 + 2 + 2, skipped: 27 + 29 + 28},
			{key: "all", config: daily + `"misfire":"all","misfireCap":5}`, fires: 1 + 6 + 6 + 6, skipped: 23 + 25 + 24},
			{key: "once", config: `{"startsOn":"2028-02-29T09:00:00Z"}`, fired: ends[1:2]},
			{key: "ending", config: daily + `"endsOn":"2028-02-01","misfire":"all"}`, fires: 2},
		},
		waits: []waiter{{key: "a_month", delay: `{"for":"1mo"}`, until: "2028-02-29T12:00:05Z", ends: "succeeded", effects: 1}},
		moves: []string{"2028-01-31T09:00:10Z", "2028-02-29T09:00:10Z", "2028-03-31T09:00:10Z while down", "2028-04-30T09:00:10Z"},
	}
}

// backAndForth steps back by minutes and by a year: a slot that has fired does not fire again,
// and nothing waits shorter.
func backAndForth() journey {
	return journey{
		name: "back", start: "2027-06-01T10:00:05Z",
		slots: []timed{
			{key: "tens", config: `{"startsOn":"2027-06-01T10:10:00Z","repeat":{"every":"10m"},"endsOn":"2027-06-01T10:45:00Z"}`, fired: []string{"2027-06-01T10:10:00Z", "2027-06-01T10:20:00Z", "2027-06-01T10:30:00Z", "2027-06-01T10:40:00Z"}},
			{key: "cron", config: `{"repeat":{"cron":"0 */10 * * * *"},"endsOn":"2027-06-01T10:45:00Z"}`, fired: []string{"2027-06-01T10:10:00Z", "2027-06-01T10:20:00Z", "2027-06-01T10:30:00Z", "2027-06-01T10:40:00Z"}},
		},
		waits: []waiter{
			{key: "hour", delay: `{"for":"1h"}`, until: "2027-06-01T11:00:05Z", ends: "succeeded", effects: 1},
			{key: "date", delay: `{"by":"until","until":"2027-06-01T10:45:00Z"}`, until: "2027-06-01T10:45:00Z", ends: "succeeded", effects: 1},
			{key: "bounded", delay: `{"for":"3h"}`, timeout: "2h", until: "2027-06-01T12:00:05Z", ends: "timed_out"},
		},
		moves: []string{
			"2027-06-01T10:10:10Z", "2027-06-01T10:20:10Z", "2027-06-01T10:05:00Z", "2027-06-01T10:10:10Z", "2027-06-01T10:20:10Z", "2027-06-01T10:30:10Z",
			"2026-06-01T10:30:00Z", "kill", "2026-06-01T10:40:10Z", "2027-06-01T10:40:10Z", "2027-06-01T10:46:00Z", "2026-12-31T23:59:59Z while down", "2027-06-01T10:48:00Z",
			"2027-06-01T11:01:00Z", "2027-06-01T11:00:40Z", "2027-06-01T12:00:40Z",
		},
	}
}

// deadlines passes the end of a workflow's time, then the time that it waited for.
func deadlines() journey {
	return journey{
		name: "deadlines", start: "2027-09-01T08:00:05Z",
		waits: []waiter{
			{key: "too_long", delay: `{"for":"2h"}`, timeout: "1h", until: "2027-09-01T09:00:05Z", ends: "timed_out"},
			{key: "in_time", delay: `{"for":"30m"}`, timeout: "1h", until: "2027-09-01T08:30:05Z", ends: "succeeded", effects: 1},
			{key: "called", delay: `{"for":"2h"}`, timeout: "1h", inside: true, until: "2027-09-01T09:00:05Z", ends: "timed_out"},
		},
		moves: []string{"2027-09-01T08:31:00Z", "2027-09-01T08:59:00Z", "kill", "2027-09-01T09:01:00Z", "2027-09-01T10:01:00Z", "2027-09-02T00:00:00Z"},
	}
}

// overBoth steps in one move over the end of a workflow's time and over the time that it
// waited for, which is later: nothing of it may happen any more.
func overBoth() journey {
	return journey{
		name: "both", start: "2027-09-10T08:00:05Z",
		waits: []waiter{
			{key: "running", delay: `{"for":"90m"}`, timeout: "1h", ends: "timed_out"},
			{key: "called", delay: `{"for":"90m"}`, timeout: "1h", inside: true, ends: "timed_out"},
		},
		moves: []string{"2027-09-11T08:00:00Z"},
	}
}

// years steps over three years at once, with schedules that have many slots in them.
func years() journey {
	return journey{
		name: "years", start: "2028-06-01T00:00:30Z",
		slots: []timed{
			{key: "hours", config: `{"repeat":{"cron":"0 0 * * * *"}}`, fires: 2, skipped: 3*8760 - 2},
			{key: "minutes", config: `{"startsOn":"2028-06-01T00:01:00Z","repeat":{"every":"1m"}}`, fires: 4, skipped: 3*525_600 - 4},
		},
		waits: []waiter{{key: "long", delay: `{"for":"36mo"}`, ends: "succeeded", effects: 1}},
		moves: []string{"2028-06-01T00:30:10Z", "2031-06-01T00:00:10Z", "2031-06-01T00:00:55Z"},
	}
}

// shortDay waits for a day of the calendar that has 23 hours.
func shortDay() journey {
	return journey{
		name: "short", start: "2027-03-27T23:00:05Z",
		waits: []waiter{{key: "a_day", delay: `{"for":"1d","timezone":"Europe/Berlin"}`, until: "2027-03-28T22:00:05Z", ends: "succeeded", effects: 1}},
		moves: []string{"2027-03-28T21:59:00Z", "2027-03-28T22:00:40Z"},
	}
}

// longDay waits for one that has 25 hours.
func longDay() journey {
	return journey{
		name: "long", start: "2027-10-30T22:00:05Z",
		waits: []waiter{{key: "a_day", delay: `{"for":"1d","timezone":"Europe/Berlin"}`, until: "2027-10-31T23:00:05Z", ends: "succeeded", effects: 1}},
		moves: []string{"2027-10-31T22:59:00Z", "2027-10-31T23:00:40Z"},
	}
}

// halfAnHour is Lord Howe, where at 15:30Z the wall jumps from 02:00 to 02:30.
func halfAnHour() journey {
	return journey{
		name: "half", start: "2027-10-02T15:00:05Z",
		slots: []timed{
			{key: "skipped", config: `{"repeat":{"cron":"0 15 2 * * *"},"timezone":"Australia/Lord_Howe"}`, fired: []string{"2027-10-02T15:30:00Z"}},
			{key: "after", config: `{"repeat":{"cron":"0 45 2 * * *"},"timezone":"Australia/Lord_Howe"}`, fired: []string{"2027-10-02T15:45:00Z"}},
		},
		moves: []string{"2027-10-02T15:29:30Z", "2027-10-02T15:30:30Z", "2027-10-02T15:45:30Z", "2027-10-02T16:15:30Z"},
	}
}

// newYork goes back at 06:00Z from 02:00 to 01:00, while the server is stopped.
func newYork() journey {
	return journey{
		name: "newyork", start: "2027-11-07T05:00:05Z",
		slots: []timed{
			{key: "doubled", config: `{"repeat":{"cron":"0 30 1 * * *"},"timezone":"America/New_York"}`, fired: []string{"2027-11-07T05:30:00Z"}},
			{key: "none", config: `{"repeat":{"cron":"0 30 1 * * *"},"timezone":"America/New_York","misfire":"none"}`, skipped: 1},
		},
		moves: []string{"2027-11-07T06:30:30Z while down", "2027-11-07T07:00:30Z"},
	}
}

// seconds steps over two years with a slot in each second.
func seconds() journey {
	return journey{
		name: "seconds", many: true, start: "2032-01-01T00:00:30Z",
		slots: []timed{{key: "all", config: `{"startsOn":"2032-01-01T01:00:00Z","repeat":{"cron":"* * * * * *"},"endsOn":"2033-12-31T00:00:00Z"}`, fires: 1, skipped: 730*86_400 - 3600}},
		moves: []string{"2034-01-01T00:00:00Z"},
	}
}
