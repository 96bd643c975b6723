package nodes

import (
	"context"
	"fmt"
	"time"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type delayConfig struct {
	By        string  `json:"by"`
	For       any     `json:"for"`
	Until     any     `json:"until"`
	Timezone  string  `json:"timezone"`
	EndStatus string  `json:"endStatus"`
	CancelOn  awaited `json:"cancelOn"`
}

// Limits of one delay.
const (
	minDelay = time.Second
	maxDelay = 5 * 366 * 24 * time.Hour
)

// delay waits for a time.
var delay = node.Define(node.Spec[delayConfig]{
	Key: "delay", Group: node.Flow, Icon: "timer", Title: "Delay",
	Summary:  "Wait for some time, or until a date",
	Synonyms: []string{"wait", "sleep", "pause", "timer", "schedule"}, Asks: "by",
	Help: "The workflow waits and goes on by itself, also after a restart of the server. A date that has passed does not wait.\n\n" +
		"Days, weeks and months are steps of the calendar in the time zone: the time of day stays the same when the clocks change.",
	Config: []field.Field{
		{Name: "by", Kind: field.Select, Label: "Wait", Default: "for", Options: field.Choices("for", "For a while", "until", "Until a date")},
		{
			Name: "for", Kind: field.Value, Label: "How long", Required: true, Placeholder: "2h", When: only("by", "for"),
			Help: "A number and a unit: s, m, h, d, w or mo. From 1 second to 5 years.",
		},
		{
			Name: "until", Kind: field.Value, Label: "Date", Required: true, Placeholder: "{{ trigger.data.dueOn }}", When: only("by", "until"),
			Help: "A date or a date and time, such as `2026-12-24T09:00:00+01:00`.",
		},
		{Name: "timezone", Kind: field.Text, Label: "Time zone", Placeholder: "Europe/Berlin", Help: "UTC without one."},
		{
			Name: "endStatus", Kind: field.Select, Label: "Then", Default: "continue",
			Options: field.Choices("continue", "Go on", "fail", "Fail"),
		},
		{Name: "cancelOn", Kind: field.Group, Label: "Go on earlier when something happens", Items: eventInputs(nil, nil)},
	},
	Effect:  node.Local,
	Waits:   true,
	Skips:   true,
	Expects: func(c delayConfig) bool { return c.CancelOn.Event != "" },
	Grants:  func(c delayConfig, _ node.Catalog) []node.Grant { return c.CancelOn.grants() },
	Check:   checkDelay,
	Outputs: func(delayConfig, node.Catalog) field.Shape {
		at := func(label string) field.Shape { return field.Shape{Kind: field.DateTime, Label: label} }
		return field.Object("Result", field.Named{Name: "dueAt", Shape: at("Planned for")}, field.Named{Name: "resumedAt", Shape: at("Went on at")},
			field.Named{Name: "cancelled", Shape: field.Shape{Kind: field.Boolean, Label: "Ended early"}}, field.Named{Name: "event", Shape: field.Any("Event")})
	},
	Line: func(c delayConfig, cat node.Catalog) string {
		if c.By == "until" {
			return text.M("node.delay_until", "Until %s", shorten(said(c.Until, cat), 50)).String()
		}
		return text.M("node.delay_for", "For %s", shorten(said(c.For, cat), 50)).String()
	},
	Run: func(ctx context.Context, call node.Call, c delayConfig) (node.Result, error) {
		due, err := c.due(call)
		if err != nil {
			return node.Result{}, err
		}
		if !due.After(call.Now) {
			return c.over(due, call.Now)
		}
		if c.CancelOn.Event != "" {
			if _, err := call.Events.Await(ctx, node.AwaitEvent{Event: c.CancelOn.Event, Filter: c.CancelOn.Filter}); err != nil {
				return node.Result{}, err
			}
		}
		return node.Wait(due, map[string]any{"dueAt": due}), nil
	},
	Resume: func(ctx context.Context, call node.Call, c delayConfig, signal node.Signal) (node.Result, error) {
		v, err := field.ParseJSON(call.State)
		if err != nil {
			return node.Result{}, fmt.Errorf("read state of delay: %w", err)
		}
		m, _ := v.(map[string]any)
		due, err := instant(m["dueAt"], time.UTC)
		if err != nil {
			return node.Result{}, fmt.Errorf("read state of delay: %w", err)
		}
		if brought, ok := signal.Data.(map[string]any); ok && call.Now.Before(due) {
			envelope, _ := brought["event"].(map[string]any)
			open, err := call.Events.Open(ctx, envelope)
			return node.Done(map[string]any{"dueAt": due, "resumedAt": call.Now, "cancelled": true, "event": open}), err
		}
		if signal.Reason == node.WaitSkipped {
			return node.Done(map[string]any{"dueAt": due, "resumedAt": call.Now, "cancelled": true, "event": nil}).
				Because(text.M("node.wait_skipped", "A person ended the wait.").String()), nil
		}
		if call.Now.Before(due) { // never early
			return node.Wait(due, m), nil
		}
		return c.over(due, call.Now)
	},
	Examples: []node.Example[delayConfig]{
		{
			Title: "For three days, or until the order is paid",
			Config: map[string]any{"for": "3d", "cancelOn": map[string]any{"event": "resource.ResourceUpdated", "filter": map[string]any{
				"resource.type": "orders", "resource.id": "{{ trigger.data.id }}", "resource.status": "paid",
			}}},
			Vars: map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want: node.Want{Waits: true},
		},
		{Title: "For two hours", Config: map[string]any{"for": "2h"}, Want: node.Want{Waits: true}},
		{
			Title:  "Until a date that has passed",
			Config: map[string]any{"by": "until", "until": "{{ trigger.data.dueOn }}"},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"dueOn": field.Date("2020-01-01")}}},
			Want:   node.Want{},
		},
		{
			Title:  "A date nobody can read",
			Config: map[string]any{"by": "until", "until": "soon"},
			Want:   node.Want{Code: "INVALID_DATE"},
		},
	},
})

func checkDelay(c delayConfig, cat node.Catalog) (p field.Problems) {
	if c.CancelOn.Event != "" {
		p = append(p, c.CancelOn.check("cancelOn.filter", cat)...)
	}
	if _, err := zoneOf(c.Timezone, time.UTC); err != nil {
		p.Add("timezone", invalid, text.M("node.zone", "There is no time zone %s. Zones have names such as Europe/Berlin.", c.Timezone))
	}
	if written, ok := c.For.(string); ok && c.By != "until" && !field.HasTemplate(written) {
		if _, err := c.span(); err != nil {
			p.Add("for", invalid, text.M("node.delay_span", "Enter a time such as 30m, 2h or 3d, from 1 second to 5 years."))
		}
	}
	return p
}

// zoneOf finds a time zone by name; an empty name is the other one.
func zoneOf(name string, other *time.Location) (*time.Location, error) {
	switch {
	case name == "" && other == nil:
		return time.UTC, nil
	case name == "":
		return other, nil
	}
	return time.LoadLocation(name)
}

func (c delayConfig) span() (field.Span, error) {
	written, ok := c.For.(string)
	if !ok {
		return field.Span{}, field.ErrNotDuration
	}
	span, err := field.ParseDuration(written)
	if err == nil && (span.Approximate() < minDelay || span.Approximate() > maxDelay) {
		err = field.ErrNotDuration
	}
	return span, err
}

// due is when the delay ends.
func (c delayConfig) due(call node.Call) (time.Time, error) {
	zone, err := zoneOf(c.Timezone, call.Zone)
	if err != nil {
		return time.Time{}, node.Broken("INVALID_CONFIG", text.M("node.zone", "There is no time zone %s. Zones have names such as Europe/Berlin.", c.Timezone))
	}
	if c.By == "until" {
		due, err := instant(c.Until, zone)
		switch {
		case err != nil:
			return due, node.Broken("INVALID_DATE", text.M("node.delay_date", "%s is not a date.", expr.Show(c.Until))).With(map[string]any{"field": "until"})
		case due.Sub(call.Now) > maxDelay:
			return due, node.Broken("INVALID_DATE", text.M("node.delay_far", "%s is more than 5 years away.", expr.Show(c.Until))).With(map[string]any{"field": "until"})
		}
		return due, nil
	}
	span, err := c.span()
	if err != nil {
		return time.Time{}, node.Broken("TYPE_MISMATCH",
			text.M("node.delay_value", "%s is not a time such as 30m, 2h or 3d, from 1 second to 5 years.", expr.Show(c.For))).With(map[string]any{"field": "for"})
	}
	return span.AddTo(call.Now, zone), nil
}

// instant reads a date or an instant; a day begins at midnight in the zone.
func instant(v any, zone *time.Location) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return field.Instant(v), nil
	case field.Date:
		return field.Instant(v.In(zone)), nil
	case string:
		return field.ParseTime(v, zone)
	}
	return time.Time{}, fmt.Errorf("no date: %v", v)
}

// over is the result once the time has come.
func (c delayConfig) over(due, now time.Time) (node.Result, error) {
	if c.EndStatus == "fail" {
		return node.Result{}, node.Refuse("DELAY_ENDED", text.M("node.delay_ended", "The time was over."))
	}
	return node.Done(map[string]any{"dueAt": due, "resumedAt": now, "cancelled": false, "event": nil}), nil
}
