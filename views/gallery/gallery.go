// Package gallery shows every component and every page with sample data. Golden
// tests compare it, and a person looks at it while changing the design.
package gallery

import (
	"slices"
	"time"

	"github.com/a-h/templ"

	"formrail/views/layout"
	"formrail/views/ui"
	"formrail/views/urls"
)

// Sample is one component or page with data.
type Sample struct {
	Name      string // "ui-button", "page-home"
	Component templ.Component
	Page      bool // is a whole document
}

// Samples lists everything there is to look at, in a fixed order. The time of all
// samples is fixed, too.
func Samples() []Sample {
	return slices.Concat(componentSamples(), fieldSamples(), accessSamples(), peopleSamples(), taskSamples(), recordSamples(), designSamples(), workflowSamples(), editorSamples(), collectionSamples(), executionSamples(), healthSamples(), referenceSamples())
}

func now() time.Time { return time.Date(2026, time.November, 22, 10, 3, 0, 0, time.UTC) }

func ago(d time.Duration) ui.Moment { return ui.At(now().Add(-d), now()) }

func on(month time.Month, day, hour, minute int) ui.Moment {
	return ui.At(time.Date(2026, month, day, hour, minute, 0, 0, time.UTC), now())
}

func mara() ui.Person  { return ui.Person{ID: "12", Name: "Mara Lindqvist"} }
func jun() ui.Person   { return ui.Person{ID: "44", Name: "Jun Tanaka"} }
func ines() ui.Person  { return ui.Person{ID: "17", Name: "Ines Carvalho"} }
func elif() ui.Person  { return ui.Person{ID: "23", Name: "Elif Demir"} }
func tomas() ui.Person { return ui.Person{ID: "31", Name: "Tomas Okafor"} }

func session() layout.Session {
	return layout.Session{CSRF: "token", Nav: layout.Nav{OpenTasks: 4, Me: mara(), MeNote: "Finance lead", Groups: []layout.NavGroup{
		{Title: "Build", Items: []layout.NavItem{
			{Label: "Workflows", Href: urls.Workflows(), Icon: "workflow", Go: "w"},
			{Label: "Executions", Href: urls.Executions(), Icon: "activity", Go: "e"},
			{Label: "Collections", Href: urls.Collections(), Icon: "database", Go: "d"},
		}},
		{Title: "Pages", Items: []layout.NavItem{
			{Label: "Reimbursements", Href: urls.Page("reimbursements"), Icon: "receipt"},
			{Label: "Travel requests", Href: urls.Page("travel"), Icon: "plane"},
			{Label: "Vendors", Href: urls.Page("vendors"), Icon: "building-2"},
		}},
	}}}
}

func visitor() layout.Session { return layout.Session{CSRF: "token"} }
