package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
	"formrail/models/records"
)

// jumps is where a search leads somebody: the addresses of its choices, in their order.
func jumps(t testing.TB, by *handlerstest.Client, words string) []string {
	t.Helper()
	page := by.With("HX-Request", "true").Get("/jump?" + url.Values{"search": {words}}.Encode()).Want(200).Page()
	var out []string
	for _, a := range handlerstest.All(page, "a") {
		require.Equal(t, "option", handlerstest.Attr(a, "role"))
		out = append(out, handlerstest.Attr(a, "href"))
	}
	return out
}

func TestJump_FindsWithinRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	root, emil, ines, mara := w.Browser(w.Root), w.Browser(w.emil), w.Browser(w.ines), w.Browser(w.mara)
	id := records.IDText(w.all(t)[0]["id"])
	record := "/pages/expenses/records/d1/" + id
	task, execution := "/tasks/"+w.task(t, w.mara), "/executions/"+w.execution(t)
	for _, c := range []struct {
		who   string
		by    *handlerstest.Client
		words string
		there []string
		not   []string
	}{
		{"root", root, "reimb", []string{"/workflows/reimb_approval", "/collections/reimbursements"}, nil},
		{"root", root, "payments", []string{"/collections/payments", "/pages/payments"}, nil},
		{"root", root, "offsite", []string{record}, []string{task}},
		{"root", root, "#1", []string{execution}, nil},
		{"root", root, "new workf", []string{"/new-workflow"}, nil},
		{"mara", mara, "OFFSITE", []string{record, task}, nil},
		{"mara", mara, "payments", []string{"/pages/payments"}, []string{"/collections/payments"}},
		{"mara", mara, "1", nil, []string{execution}},
		{"mara", mara, "reimb", nil, []string{"/workflows/reimb_approval", "/collections/reimbursements", "/new-workflow"}},
		{"emil", emil, "catering offsite", []string{record}, []string{task}},
		{"emil", emil, "Reimbursement #" + id, []string{record}, nil},
		{"emil", emil, "1", []string{execution}, nil},
		{"emil", emil, "payments", nil, []string{"/pages/payments"}},
		{"ines", ines, "offsite", nil, []string{record, task, execution}},
		{"ines", ines, "Reimbursement #" + id, nil, []string{record}},
		{"ines", ines, "#1", nil, []string{execution}},
		{"ines", ines, "%", nil, []string{record, "/pages/expenses"}},
		{"ines", ines, "expenses", []string{"/pages/expenses"}, nil},
		{"ines", ines, "new exp", []string{"/pages/expenses/forms/f1"}, nil},
	} {
		found := jumps(t, c.by, c.words)
		for _, want := range c.there {
			require.Contains(t, found, want, c.who+" searches "+c.words)
		}
		for _, refused := range c.not {
			require.NotContains(t, found, refused, c.who+" searches "+c.words)
		}
		for _, to := range found {
			c.by.Get(to).Want(200)
		}
	}
}

func TestJump_TitlesAreFoundByThoseWhoReadThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	w.Role("sums", nil, models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"amount"}, Scope: models.ScopeAll})
	require.Empty(t, recordJumps(jumps(t, w.Browser(w.Person("otto", "sums")), "offsite")))
	require.Len(t, recordJumps(jumps(t, w.Browser(w.mara), "offsite")), 1)
}

func recordJumps(all []string) []string {
	var out []string
	for _, to := range all {
		if strings.Contains(to, "/records/") {
			out = append(out, to)
		}
	}
	return out
}

func TestJump_IsAPageToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	mara, ines := w.Browser(w.mara), w.Browser(w.ines)
	page := mara.Get("/jump?search=offsite").Want(200).Page()
	require.NotNil(t, handlerstest.First(page, "form", "action", "/jump"))
	require.Contains(t, mainText(t, page), "Team offsite catering")
	require.Equal(t, "/jump", handlerstest.Attr(handlerstest.First(page, "a", "data-dialog", "jump"), "href"), "it is reached without scripts")
	require.Contains(t, mainText(t, ines.Get("/jump?search=%3Cb%3Eoffsite").Page()), "Nothing you may open is called “<b>offsite”.")
	near := mainText(t, mara.Get("/jump").Page())
	for _, want := range []string{"Recent", "Team offsite catering", "Go to", "Expenses", "Payments"} {
		require.Contains(t, near, want)
	}
	near = mainText(t, ines.Get("/jump?search=+").Page())
	require.NotContains(t, near, "Recent")
	require.NotContains(t, near, "Payments")
	ines.Get("/jump?search=" + strings.Repeat("%C3%B6", 500)).Want(200)
	ines.Get("/jump?search=o").Want(200)
	ines.Get("/jump?search=99999999999999999999").Want(200)
}

func TestJump_KeepsWithinItsBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	for range 7 {
		w.submit(t, emil, "Team offsite", "640")
	}
	require.Len(t, recordJumps(jumps(t, emil, "offsite")), 5)
	require.Len(t, jumps(t, w.Browser(w.mara), "offsite"), 5+5+1, "records, tasks and a form")
}
