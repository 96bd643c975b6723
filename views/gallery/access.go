package gallery

import (
	"time"

	"formrail/views/auth"
	"formrail/views/errorpages"
	"formrail/views/home"
	"formrail/views/jump"
	"formrail/views/profile"
	"formrail/views/tasks"
	"formrail/views/ui"
	"formrail/views/urls"
)

func accessSamples() []Sample {
	return []Sample{
		{Name: "page-signin", Page: true, Component: auth.SignIn(auth.SignInProps{Session: visitor(), Instance: "Northwind", Email: "mara.lindqvist@northwind.example", Stay: true, Next: "/tasks/7"})},
		{Name: "page-signin-refused", Page: true, Component: auth.SignIn(auth.SignInProps{Session: visitor(), Email: "mara.lindqvist@northwind.example", Problem: "Email or password is wrong. Check both and try again."})},
		{Name: "page-setup", Page: true, Component: auth.Setup(auth.SetupProps{
			Session: visitor(), Token: "t", Email: "mara@northwind.example", BaseURL: "https://flows.northwind.example", TimeZone: "Europe/Stockholm",
			Zones: []ui.Choice{{Value: "Europe/Stockholm", Label: "Europe/Stockholm"}, {Value: "UTC", Label: "UTC"}}, Problems: auth.SetupProblems{Password: "Use at least 12 characters"},
		})},
		{Name: "page-invitation", Page: true, Component: auth.Invitation(auth.InvitationProps{Session: visitor(), Token: "t", Name: "Ines Carvalho", Email: "ines.carvalho@northwind.example", Problem: "Use at least 12 characters"})},
		{Name: "page-setup-required", Page: true, Component: auth.SetupRequired(visitor())},
		{Name: "page-home", Page: true, Component: home.Home(homeProps())},
		{Name: "page-home-empty", Page: true, Component: home.Home(home.HomeProps{Session: session(), Today: "Sunday 22 November", Greeting: "Good morning, Mara", Summary: "Nothing waits for you.", Begin: beginning()})},
		{Name: "page-jump", Page: true, Component: jump.Page(jumpProps())},
		{Name: "jump-results", Component: jump.Results(jumpProps())},
		{Name: "jump-near", Component: jump.Results(jump.Props{Groups: []jump.Group{{Title: "Go to", Hits: []jump.Hit{{Label: "Home", Icon: "house", Href: urls.Home()}}}}})},
		{Name: "jump-none", Component: jump.Results(jump.Props{Search: "zzz", None: true})},
		{Name: "page-profile", Page: true, Component: profile.Profile(profileProps())},
		{Name: "page-error-404", Page: true, Component: errorpages.NotFound(visitor())},
		{Name: "page-error-403", Page: true, Component: errorpages.Forbidden(session())},
		{Name: "page-error-500", Page: true, Component: errorpages.ServerError(errorpages.ServerErrorProps{Session: visitor(), RequestID: "abe50236-cf30", Retry: "/tasks"})},
		{Name: "page-error-problem", Page: true, Component: errorpages.Problem(errorpages.ProblemProps{Session: visitor(), Title: "Too many attempts", Text: "Wait 30 seconds, then try again.", Back: urls.SignIn()})},
	}
}

// beginning is the way to a first process, one step of it gone.
func beginning() []home.Step {
	return []home.Step{
		{Title: "Make a collection", Text: "What people fill in.", Label: "New collection", Href: "/new-collection", Done: true},
		{Title: "Draw a workflow", Text: "What happens with it.", Label: "New workflow", Href: "/new-workflow", Next: true},
		{Title: "Bind the workflow to the button", Text: "Press Submit in the page designer."},
	}
}

func homeProps() home.HomeProps {
	return home.HomeProps{
		Session: session(), Today: "Sunday 22 November", Greeting: "Good morning, Mara", Watching: true, Open: 4, Tasks: taskRows(),
		Summary: "Four tasks wait for you. Two workflows failed since yesterday.",
		Actions: []home.Action{
			{Label: "New reimbursement", Icon: "receipt", Href: urls.Form("reimbursements", "f3q8", "")},
			{Label: "New workflow", Icon: "plus", Href: urls.NewWorkflow(), Primary: true},
		},
		Stats: []home.Stat{
			{Label: "Executions, 7 days", Value: "1,284", Note: "12% more than the week before", Spark: spark("Executions on each of 7 days")},
			{Label: "Succeeded", Value: "98.4%", Note: "21 failed", Spark: spark("Share that succeeded, by day")},
			{Label: "Median duration", Value: "1.8 s", Note: "Of those that succeeded"},
			{Label: "Waiting for people", Value: "17", Note: "Oldest since 19 Nov", People: []ui.Person{mara(), tomas(), ines(), jun()}},
		},
		Chart: &home.Chart{Range: "28d", Bars: bars(), From: "19 Nov", To: "22 Nov"}, Failed: 2, Pages: session().Nav.Groups[1].Items,
		Edited: []home.Edited{
			{Title: "Reimbursement approval", Href: urls.Workflow("reimb_approval"), Icon: "zap", Note: "Version 7", When: ago(20 * time.Minute)},
			{Title: "Payment callback", Href: urls.Workflow("payment"), Icon: "webhook", Note: "Version 3", When: on(11, 21, 16, 0)},
		},
		Requests: []tasks.Row{{ID: "9", Title: "Desk lamp", Summary: "€84.90", Source: "Reimbursement approval", Status: "processing"}},
		Messages: []home.Message{
			{Title: "Train to Malmö is approved", Href: urls.Page("reimbursements"), When: ago(4 * time.Minute)},
			{Title: "Desk lamp was returned", Text: "Add the receipt.", When: on(11, 20, 9, 0), Warn: true, Read: true},
		},
		Failures: []home.Failure{
			{ID: "48211", Workflow: "Payment callback", Sentence: "HTTP request “Notify bank” answered 503", When: on(11, 22, 8, 42), Number: "#48211"},
			{ID: "48190", Workflow: "Vendor sync", Sentence: "Field “IBAN” is required", When: on(11, 21, 23, 0), Number: "#48190"},
		},
	}
}

func spark(label string) ui.SparkProps {
	return ui.SparkProps{Label: label, Points: []float64{140, 171, 160, 200, 120, 95, 260}}
}

func bars() ui.BarsProps {
	return ui.BarsProps{Label: "Executions from 19 Nov to 22 Nov, failures in red", Good: "Succeeded", Bad: "Failed", Bars: []ui.Bar{
		{Label: "19 Nov", Good: 41, Bad: 3}, {Label: "20 Nov", Good: 28}, {Label: "21 Nov", Bad: 2}, {Label: "22 Nov"},
	}}
}

func jumpProps() jump.Props {
	return jump.Props{Session: session(), Search: "reimb", Groups: []jump.Group{
		{Hits: []jump.Hit{
			{Label: "Reimbursement approval", Note: "reimb_approval", Kind: "Workflow", Icon: "workflow", Href: urls.Workflow("reimb_approval")},
			{Label: "Reimbursement", Note: "reimbursement", Kind: "Collection", Icon: "database", Href: urls.Collection("reimbursement")},
			{Label: "Reimbursements", Kind: "Page", Icon: "receipt", Href: urls.Page("reimbursements")},
		}},
		{Hits: []jump.Hit{{Label: "New workflow", Icon: "plus", Href: urls.NewWorkflow()}}},
	}}
}

func profileProps() profile.ProfileProps {
	return profile.ProfileProps{
		Session: session(), Email: "mara.lindqvist@northwind.example", Roles: []ui.Choice{{Value: "approver", Label: "Approver"}, {Value: "member", Label: "Member"}}, Created: "frl_9Kd2vTq7hB4sWn0yRzL6xE3uJm8cPa5f",
		Sessions: []profile.SignedIn{
			{ID: "1", Device: "Firefox on Linux", Address: "192.0.2.14", Last: ago(time.Minute), Current: true},
			{ID: "2", Device: "Safari on iPhone", Address: "192.0.2.80", Last: on(11, 20, 18, 3)},
		},
		Tokens: []profile.Token{
			{ID: "1", Name: "Ledger sync", Hint: "frl_7Qx…f2a", Scopes: []string{"records:read", "workflows:run"}, Last: ago(40 * time.Minute), Expires: ui.At(now().AddDate(0, 3, 0), now())},
			{ID: "2", Name: "Old script", Hint: "frl_Zz4…77d", Scopes: []string{"executions:read"}, Expired: true},
		},
		New: profile.NewToken{
			Days: "90", Problem: "Give the token a name", Lives: []ui.Choice{{Value: "30", Label: "30 days"}, {Value: "90", Label: "90 days"}},
			Scopes: []profile.Scope{{Value: "records:read", Label: "Read records", Checked: true}, {Value: "records:write", Label: "Change records"}},
		},
	}
}
