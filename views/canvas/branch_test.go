package canvas

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawn is a step with three branches as it is drawn.
func drawn(t *testing.T, p Props, branches ...Branch) string {
	t.Helper()
	step := plain("m")
	step.Title, step.Branches, step.Fork = "By size", branches, p.AddHref != nil
	p.Trigger, p.Steps = Step{Key: "trigger", Title: "Form sent"}, []Step{step, plain("last")}
	var html strings.Builder
	require.NoError(t, Stage(p, nil).Render(context.Background(), &html))
	return html.String()
}

func TestBranchMenu_OffersWhatCanBeDone(t *testing.T) {
	t.Parallel()
	editing := Props{AddHref: func(Place) string { return "#" }}
	html := drawn(t, editing,
		Branch{Key: "c1", Label: "1 · Large", Says: "Amount is greater than 500", Edit: &Edit{Name: "Large", Rename: "/m", Place: 0, Places: 2, Delete: true}, Steps: []Step{plain("inner")}},
		Branch{Key: "c2", Label: "2 · <i>", Edit: &Edit{Name: "<i>", Rename: "/m", Place: 1, Places: 2, Delete: true}},
		Branch{Key: "otherwise", Label: "Otherwise", Edit: &Edit{Name: "Otherwise", Rename: "/m"}},
	)
	for _, command := range []string{"add_branch/m", "move_branch/m/c1/1", "move_branch/m/c2/0", "delete_branch/m/c1", "delete_branch/m/c2"} {
		require.Equal(t, 1, strings.Count(html, `form="branch-form" name="command" value="`+command+`"`), command)
	}
	require.Equal(t, 5, strings.Count(html, `form="branch-form"`), "nothing else can be done")
	require.Equal(t, 3, strings.Count(html, "data-rename-branch"))
	require.Equal(t, 2, strings.Count(html, "data-drag-branch"))
	require.Contains(t, html, `aria-label="Branch 1 of 3 of By size: 1 · Large, Amount is greater than 500"`)
	require.Contains(t, html, `aria-label="Add branch to By size"`)
	require.NotContains(t, html, "<i>", "labels are text")
	for _, place := range []string{"after Form sent", "first in branch 1 · Large", "after inner in branch 1 · Large", "first in branch Otherwise", "after By size", "after last"} {
		require.Equal(t, 1, strings.Count(html, `aria-label="Add a step `+place+`"`), place)
	}
}

func TestBranchMenu_HasNoMovesForOneAlone(t *testing.T) {
	t.Parallel()
	html := drawn(t, Props{}, Branch{Key: "c1", Label: "1 · Only", Edit: &Edit{Name: "Only", Places: 1}}, Branch{Key: "otherwise", Label: "Otherwise"})
	require.NotContains(t, html, "move_branch")
	require.NotContains(t, html, "add_branch")
	require.Equal(t, 1, strings.Count(html, "<button class=\"branch__label"), "what cannot be changed is no button")
}

func TestBranchLabel_SaysTheAnswerInWords(t *testing.T) {
	t.Parallel()
	html := drawn(t, Props{Ran: true}, Branch{Key: "c1", Label: "A", Answer: NotMet}, Branch{Key: "c2", Label: "B", Answer: Met, Taken: true},
		Branch{Key: "c3", Label: "C", Answer: NotTried}, Branch{Key: "c4", Label: "D", Answer: Broken})
	for label, said := range map[string]string{"A": "not met", "B": "taken", "C": "not evaluated", "D": "could not be evaluated"} {
		require.Regexp(t, `<span>`+label+`</span>\s*<span class="sr">`+said+`</span>`, html)
	}
}
