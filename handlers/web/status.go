package web

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/ui"
)

// stoppedStatus is the word for what a rule of the designer ended.
const stoppedStatus = "stopped"

// shownStatus is the state of an execution in the words of the pages: a failure of
// kind refused and a rejection by an End step are both "stopped".
func shownStatus(s models.Status, reason string) string {
	switch {
	case s == models.Failed && (reason == "refused" || reason == "end_node"):
		return stoppedStatus
	case s == models.Rejected && reason == "end_node":
		return stoppedStatus
	}
	return string(s)
}

// narrow lets a filter through what stands under a tab of the list of executions.
func narrow(f *models.ExecutionFilter, tab string) {
	switch tab {
	case "running":
		f.Statuses = []models.Status{models.Queued, models.Running}
	case "waiting":
		f.Statuses = []models.Status{models.Waiting}
	case "failed":
		f.Faulty = true
	case "succeeded":
		f.Statuses = []models.Status{models.Succeeded}
	case stoppedStatus:
		f.Stopped = true
	}
}

// failure is a stored failure of a step or an execution.
type failure struct {
	Kind    string `json:"kind"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func failureOf(stored string) failure {
	var f failure
	if stored != "" && json.Unmarshal([]byte(stored), &f) != nil {
		return failure{}
	}
	return f
}

// sentence says what failed. Sentences quote values, so only those who may see them
// get it; all others get the code.
func (f failure) sentence(ctx context.Context, values bool) string {
	switch {
	case f.Message == "":
		return ""
	case values:
		return f.Message
	}
	return text.T(ctx, "execution.failed_code", "It failed with the code %s.", f.Code)
}

// reasonSentence says why an execution ended as it did; empty when there is nothing
// to add to its state. values allows to quote what it worked with.
func reasonSentence(ctx context.Context, x *models.Execution, values bool) string {
	if said := failureOf(x.Error).sentence(ctx, values); said != "" {
		return said
	}
	switch x.Reason {
	case "deadline":
		return text.T(ctx, "execution.reason_deadline", "Its time was up.")
	case "parent_ended":
		return text.T(ctx, "execution.reason_parent", "The execution that started it ended.")
	case "earlier_failed":
		return text.T(ctx, "execution.reason_earlier", "An earlier workflow of the same action did not end well.")
	case "end_node":
		return text.T(ctx, "execution.reason_end", "An End step ended it.")
	case "dropped":
		return text.T(ctx, "execution.reason_dropped", "It was kept while its workflow was paused, and dropped.")
	case "newer_kept":
		return text.T(ctx, "execution.reason_newer", "It was kept while its workflow was paused; a newer one of its record went on.")
	case "overloaded":
		return text.T(ctx, "execution.reason_overloaded", "Too many executions of its workflow ran already, and its caller could not wait.")
	case "poison":
		return text.T(ctx, "execution.reason_poison", "It broke the server several times and was ended.")
	case "rejected":
		return text.T(ctx, "execution.reason_rejected", "Somebody rejected it.")
	}
	if x.Status == models.Cancelled && x.Reason != "" && x.Reason != "cancelled" {
		return text.T(ctx, "execution.reason_given", "Cancelled: %s", x.Reason)
	}
	return ""
}

// took is how long something ran, up to now while it has no end. Nothing has
// started at 0.
func took(from, to models.Millis, now time.Time) string {
	if from == 0 {
		return ""
	}
	end := now
	if to != 0 {
		end = to.Time()
	}
	return ui.Duration(end.Sub(from.Time()))
}

// share says how large a part is, "98.4%"; a dash of nothing.
func share(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return strconv.FormatFloat(float64(part*1000/whole)/10, 'f', -1, 64) + "%"
}

// median is the middle of some lengths of time; a dash of none.
func median(spans []time.Duration) string {
	if len(spans) == 0 {
		return "–"
	}
	return ui.Duration(middleOf(spans))
}

// middleOf is the middle of at least one length of time. It sorts them.
func middleOf(spans []time.Duration) time.Duration {
	slices.Sort(spans)
	return spans[len(spans)/2]
}
