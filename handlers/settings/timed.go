package settings

import (
	"context"
	"regexp"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
	views "formrail/views/settings"
	"formrail/views/ui"
)

// Parts of a moment and of a repetition in the form. "as" says which of them count.
const (
	partAs     = "as"
	partTime   = "at"
	partField  = "field"
	partSign   = "sign"
	partAmount = "amount"
	partUnit   = "unit"
	partClock  = "clock"
	partCron   = "cron"

	asField = "field" // a moment: a date of a record
	asAt    = "at"    // a moment: a fixed time
	asEvery = "every" // a repetition: after a length of time
	asCron  = "cron"  // a repetition: by an expression
	asNone  = "none"
)

func timedParts() []string {
	return []string{partAs, partTime, partField, partSign, partAmount, partUnit, partClock, partCron}
}

// readMoment takes a moment apart.
func readMoment(s *setting, v any) {
	s.values = map[string]string{}
	switch v := v.(type) {
	case string:
		s.values[partAs], s.values[partTime] = asAt, v
	case map[string]any:
		s.values[partAs] = asField
		s.values[partField], _ = v["field"].(string)
		s.values[partClock], _ = v["at"].(string)
		offset, _ := v["offset"].(string)
		if offset != "" {
			s.values[partSign] = "+"
			if strings.HasPrefix(offset, "-") {
				s.values[partSign] = "-"
			}
			s.values[partAmount], s.values[partUnit] = cutUnit(strings.TrimLeft(offset, "+-"))
		}
	}
}

// way is how a moment is said. Nothing said is a date field where there is a collection,
// else a fixed time.
func (f *Form) way(s *setting) string {
	dated := f.datedBy(s) != ""
	switch {
	case !dated:
		return asAt
	case s.values[partAs] != "":
		return s.values[partAs]
	}
	return asField
}

// readRepeat takes a repetition apart.
func readRepeat(s *setting, v any) {
	m, _ := v.(map[string]any)
	s.values = map[string]string{partAs: asNone}
	if every, ok := m["every"].(string); ok {
		s.values[partAs] = asEvery
		s.values[partAmount], s.values[partUnit] = cutUnit(every)
	}
	if cron, ok := m["cron"].(string); ok {
		s.values[partAs], s.values[partCron] = asCron, cron
	}
}

// cutUnit takes a length of time apart.
func cutUnit(span string) (amount, unit string) {
	n := len(span) - len(strings.TrimLeft(span, "0123456789"))
	return span[:n], span[n:]
}

// hearTimed takes the parts that were sent; parts that were not shown stay.
func (s *setting) hearTimed(at *Tree) {
	for _, part := range timedParts() {
		if at.At(part) != nil {
			s.values[part] = strings.TrimSpace(at.Text(part))
		}
	}
}

func (s *setting) span() string {
	amount, unit := s.values[partAmount], s.values[partUnit]
	if amount == "" {
		return ""
	}
	if unit == "" {
		unit = "d"
	}
	return amount + unit
}

func (f *Form) storedMoment(s *setting) any {
	if f.way(s) == asAt {
		if s.values[partTime] == "" {
			return nil
		}
		return s.values[partTime]
	}
	if s.values[partField] == "" {
		return nil
	}
	out := map[string]any{"field": s.values[partField]}
	if sign := s.values[partSign]; sign != "" && s.span() != "" {
		out["offset"] = strings.TrimPrefix(sign, "+") + s.span()
	}
	if s.values[partClock] != "" {
		out["at"] = s.values[partClock]
	}
	return out
}

func storedRepeat(s *setting) any {
	switch {
	case s.values[partAs] == asEvery && s.span() != "":
		return map[string]any{"every": s.span()}
	case s.values[partAs] == asCron && s.values[partCron] != "":
		return map[string]any{"cron": field.NormalCron(s.values[partCron])}
	}
	return nil
}

// datedBy is the collection whose dates a moment may follow; empty when the settings
// are not about one.
func (f *Form) datedBy(s *setting) string {
	about := f.settings[aboutOf(s.field)]
	if about == nil || !f.applies(about.field) {
		return ""
	}
	return about.text
}

var localTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$`)

// viewTimed draws the parts of a moment or a repetition.
func (f *Form) viewTimed(ctx context.Context, s *setting) *views.Timed {
	v := &views.Timed{
		As: s.values[partAs], At: s.values[partTime], Field: s.values[partField], Sign: s.values[partSign], Amount: s.values[partAmount],
		Unit: s.values[partUnit], Clock: s.values[partClock], Cron: s.values[partCron],
	}
	if v.Unit == "" {
		v.Unit = "d"
	}
	if s.field.Kind == field.RepeatKind {
		v.Ways = []ui.Choice{
			{Value: asNone, Label: text.T(ctx, "settings.repeat_none", "Never")},
			{Value: asEvery, Label: text.T(ctx, "settings.repeat_every", "Every")},
			{Value: asCron, Label: text.T(ctx, "settings.repeat_cron", "By cron")},
		}
		return v
	}
	v.AtLocal = v.At == "" || localTime.MatchString(v.At)
	on := f.datedBy(s)
	if v.As = f.way(s); on == "" {
		return v
	}
	v.Ways = []ui.Choice{
		{Value: asField, Label: text.T(ctx, "settings.moment_field", "Date of the record")},
		{Value: asAt, Label: text.T(ctx, "settings.moment_at", "Fixed time")},
	}
	v.Fields, v.WithClock = f.dateChoices(on, v.Field)
	return v
}

// dateChoices offers the date fields of a collection and of those it links to. clock
// says whether the chosen one has no time of its own.
func (f *Form) dateChoices(collection, chosen string) (list []ui.Choice, clock bool) {
	info, _ := f.around.Schema.Collection(collection)
	add := func(of node.FieldInfo, name, label string) {
		if of.Hidden || of.Kind != field.DateOnly && of.Kind != field.DateTime {
			return
		}
		list = append(list, ui.Choice{Value: name, Label: label})
		clock = clock || name == chosen && of.Kind == field.DateOnly
	}
	for _, one := range info.Fields {
		add(one, one.Name, one.Label)
	}
	for _, one := range info.Fields {
		target, ok := f.around.Schema.Collection(one.Target)
		if one.Hidden || one.Target == "" || !ok {
			continue
		}
		for _, far := range target.Fields {
			add(far, one.Name+"."+far.Name, one.Label+" / "+far.Label)
		}
	}
	return withChosen(list, []string{chosen}), clock
}
