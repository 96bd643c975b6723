package web_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
)

// bars are the class and width of the bars of a timeline, one for each step.
func bars(page *html.Node) []string {
	var out []string
	chart := handlerstest.First(page, "div", "class", "gantt")
	if chart == nil {
		return nil
	}
	for _, rect := range handlerstest.All(chart, "rect") {
		out = append(out, handlerstest.Attr(rect, "class")+" "+handlerstest.Attr(rect, "width"))
	}
	return out
}

func TestTimeline_ShowsWhoWasWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	address := "/executions/" + w.execution(t) + "?tab=timeline"
	root := w.Browser(w.Root)
	w.Clock.Advance(20 * time.Minute)
	waiting := root.Get(address).Want(200).Page()
	require.Equal(t, []string{"g-ok 0.50%", "g-ok 0.50%", "g-wait 100.00%"}, bars(waiting))
	require.Contains(t, mainText(t, waiting), "20 m, 2 people", "both reviewers are asked")
	require.Contains(t, mainText(t, waiting), "So far")
	task := w.task(t, w.mara)
	w.Browser(w.mara).Submit("/tasks/"+task+"/approve", fill(t, w.Browser(w.mara).Get("/tasks/"+task).Page(), "/tasks/"+task+"/approve")).Want(303)
	w.Idle()
	w.Clock.Advance(time.Minute)
	done := root.Get(address).Want(200).Page()
	require.Contains(t, mainText(t, done), "20 m, mara", "who decided")
	require.Contains(t, mainText(t, done), "Waiting for people 20 m 100% of the total")
	require.Len(t, bars(done), 4, "trigger, condition, approval, payment")
	require.Equal(t, "g-wait 100.00%", bars(done)[2])
	short := root.Get(address + "&scale=work").Want(200).Page()
	require.Equal(t, "g-wait 0.50%", bars(short)[2], "waiting takes no room on the scale of work")
	require.NotNil(t, handlerstest.First(short, "a", "href", address), "the way back")
}

func TestTimeline_MarksWhatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Browser(w.emil).Submit("/pages/expenses/actions/check?block=c1", expense("failing-key", "Pens", "13")).Want(303)
	page := w.Browser(w.Root).Get("/executions/" + w.execution(t) + "?tab=timeline").Want(200).Page()
	require.Contains(t, bars(page), "g-bad 0.50%")
}

func TestTimeline_IsForThoseWhoMaySeeTheExecution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Team offsite catering", "640")
	address := "/executions/" + w.execution(t) + "?"
	w.Browser(w.ines).Get(address + "tab=timeline&scale=work").Want(404)
	emil := w.Browser(w.emil)
	require.NotEmpty(t, bars(emil.Get(address+"tab=timeline").Want(200).Page()))
	for _, odd := range []url.Values{{"tab": {"nonsense"}}, {"scale": {"work"}}, {"tab": {"timeline"}, "scale": {"<svg>"}}} {
		page := emil.Get(address + odd.Encode()).Want(200).Page()
		require.Nil(t, handlerstest.First(page, "a", "href", address+"scale=work&tab=timeline", "aria-current", "true"), "an unknown scale is the real time")
		require.Equal(t, odd.Get("tab") == "timeline", len(bars(page)) > 0, odd)
	}
}
