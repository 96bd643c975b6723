package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

func TestExecutions_FilterAndPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, root := w.Browser(w.emil), w.Browser(w.Root)
	for range 31 {
		w.submit(t, emil, "Small", "12")
	}
	w.submit(t, w.Browser(w.ines), "Team offsite catering", "640")
	page := root.Get("/executions").Page()
	require.Contains(t, mainText(t, page), "All 32")
	require.Len(t, handlerstest.All(handlerstest.First(page, "tbody"), "tr"), 30)
	next := handlerstest.First(page, "a", "aria-label", "Next page")
	require.NotNil(t, next)
	require.Len(t, handlerstest.All(handlerstest.First(root.Get(handlerstest.Attr(next, "href")).Page(), "tbody"), "tr"), 2)
	for filter, rows := range map[string]int{
		"status=waiting": 1, "status=succeeded": 30, "workflow=checks": 0, "workflow=none": 0, "search=%2332": 1, "search=32": 1, "search=ines": 1, "search=nobody": 0,
		"status=waiting&search=emil": 0, "cursor=nonsense": 30, "cursor=3": 2, "seen=nonsense": 30, "seen=-5": 30, "seen=2": 2,
		"workflow=reimb_approval&version=1": 30, "workflow=reimb_approval&version=9": 30, "version=9": 30,
		"search=reimbursement+%2332": 1, "search=Reimbursements+32": 1, "search=reimbursement+99": 0, "search=offsite": 1, "search=small": 30, "search=o": 30, "search=%25": 0, "status=nonsense": 30,
	} {
		body := handlerstest.First(root.Get("/executions?"+filter).Want(200).Page(), "tbody")
		if rows == 0 {
			require.Nil(t, body, filter)
			continue
		}
		require.NotNil(t, body, filter)
		require.Len(t, handlerstest.All(body, "tr"), rows, filter)
	}
	require.Contains(t, mainText(t, w.Browser(w.ines).Get("/executions").Page()), "All 1")
}

// rows are the rows of the list of executions; none when it says that nothing matches.
func rows(page *html.Node) []*html.Node {
	body := handlerstest.First(page, "tbody")
	if body == nil {
		return nil
	}
	return handlerstest.All(body, "tr")
}

func TestExecutions_SearchTitlesOnlyWithTheRightToReadThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	w.submit(t, w.Browser(w.ines), "Train to Malmö", "640")
	w.Role("watcher", []string{"execution.view"})
	w.Role("sums", []string{"execution.view"}, models.Grant{Collection: "reimbursements", Action: models.View, Fields: []string{"amount"}, Scope: models.ScopeAll})
	for name, c := range map[string]struct {
		who    models.User
		search string
		rows   int
	}{
		"who watches and reads finds by title":    {w.Root, "catering", 1},
		"who watches and does not read does not":  {w.Person("wanda", "watcher"), "catering", 0},
		"nor who may read other fields only":      {w.Person("sven", "sums"), "catering", 0},
		"but he finds the number that lists show": {w.Person("vera", "watcher"), "reimbursement #1", 1},
		"who started it finds his own":            {w.emil, "catering", 1},
		"and not that of somebody else":           {w.emil, "malm", 0},
		"nor by its number":                       {w.emil, "reimbursement #2", 0},
		"nor by who started it":                   {w.emil, "ines", 0},
	} {
		page := w.Browser(c.who).Get("/executions?" + url.Values{"search": {c.search}}.Encode()).Want(200).Page()
		require.Len(t, rows(page), c.rows, name)
	}
}

func TestExecutions_ChangeInPlaceAndAnnounceNewOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil, root := w.Browser(w.emil), w.Browser(w.Root)
	refresh := func(page *html.Node) *html.Node {
		region := handlerstest.First(page, "div", "id", "executions")
		return root.With("HX-Request", "true").Get(handlerstest.Attr(region, "hx-get")).Want(200).Page()
	}
	w.submit(t, emil, "Team offsite catering", "640")
	opened := root.Get("/executions?workflow=reimb_approval").Page()
	require.Len(t, rows(opened), 1)
	require.NotContains(t, handlerstest.Text(opened), "new execution")
	w.submit(t, emil, "Pens", "12")
	root.Submit("/executions/"+w.executionNamed(t, 1)+"/cancel", url.Values{}).Want(303)
	later := refresh(opened)
	require.Len(t, rows(later), 1, "the new one does not move the one that is read")
	require.Contains(t, handlerstest.Text(rows(later)[0]), "Cancelled by "+w.Root.Nickname)
	detail := handlerstest.Text(root.Get("/executions/" + w.executionNamed(t, 1)).Page())
	_, by, _ := strings.Cut(detail, "Cancelled by")
	require.Contains(t, by, w.Root.Nickname)
	fresh := handlerstest.First(later, "a", "href", "/executions?workflow=reimb_approval")
	require.NotNil(t, fresh)
	require.Equal(t, "1 new execution", handlerstest.Text(fresh))
	require.Contains(t, handlerstest.Text(handlerstest.First(later, "div", "id", "execution-tabs")), "All 2", "numbers beside the tabs are exact")
	w.submit(t, emil, "Paper", "12")
	require.Contains(t, handlerstest.Text(refresh(later)), "2 new executions")
	require.Len(t, rows(root.Get(handlerstest.Attr(fresh, "href")).Page()), 3)
	mine := w.Browser(w.ines).With("HX-Request", "true").Get("/executions?seen=1").Want(200).Page()
	require.NotContains(t, handlerstest.Text(mine), "new execution", "others' executions are not counted for her")
}

func TestExecutions_AnEmptyListFillsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	region := handlerstest.First(root.Get("/executions").Page(), "div", "id", "executions")
	w.submit(t, w.Browser(w.emil), "Pens", "12")
	require.Len(t, rows(root.With("HX-Request", "true").Get(handlerstest.Attr(region, "hx-get")).Page()), 1)
}

func TestExecutions_FurtherPagesRefreshThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	w.submit(t, w.Browser(w.emil), "Pens", "12")
	w.submit(t, w.Browser(w.emil), "Paper", "12")
	page := root.Get("/executions?cursor=2&search=reimb").Page()
	require.Len(t, rows(page), 1)
	require.Equal(t, "/executions?cursor=2&search=reimb", handlerstest.Attr(handlerstest.First(page, "div", "id", "executions"), "hx-get"))
}
