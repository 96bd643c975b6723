package viewstest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/views/viewstest"
)

func TestFaults_FindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]string{
		`<p id="a"></p><p id="a"></p>`:                        `id "a" is empty or used twice`,
		`<p style="color:red"></p>`:                           `forbidden attribute style in <p style="color:red">`,
		`<p onclick="x()"></p>`:                               `forbidden attribute onclick in <p onclick="x()">`,
		`<script>x()</script>`:                                `inline script`,
		`<label for="b">B</label>`:                            `for="b" leads nowhere`,
		`<button data-dialog="d">Open</button>`:               `data-dialog="d" leads nowhere`,
		`<a href="#x">Jump</a>`:                               `link to "#x" leads nowhere`,
		`<input type="text">`:                                 `no accessible name: <input type="text">`,
		`<button><svg></svg></button>`:                        `no accessible name: <button>`,
		`<svg><use href="/icons.svg#nothing"></use></svg>`:    `icon "nothing" is not in the sprite`,
		`<form method="post"><button>Go</button></form>`:      `form posts without a token: <form method="post">`,
		`<p aria-describedby="h h2"></p><p id="h">Help</p>`:   `aria-describedby="h2" leads nowhere`,
		`<a href="javascript:x()">Run</a>`:                    `forbidden attribute href in <a href="javascript:x()">`,
		`<select aria-label=""><option>One</option></select>`: `no accessible name: <select aria-label="">`,
	} {
		require.Equal(t, []string{want}, viewstest.Faults(viewstest.Parse(t, html)), html)
	}
}

func TestFaults_AcceptsWhatIsRight(t *testing.T) {
	t.Parallel()
	for _, html := range []string{
		`<label for="a">A</label><input id="a">`,
		`<label>A <input></label>`,
		`<input type="hidden" name="x">`,
		`<form method="post"><input type="hidden" name="_csrf" value="t"><button>Go</button></form>`,
		`<form method="get"><button>Go</button></form>`,
		`<svg><use href="/icons.svg#plus"></use></svg>`,
	} {
		require.Empty(t, viewstest.Faults(viewstest.Parse(t, html)), html)
	}
}

func TestTree_MindsNeitherSpaceNorOrderOfAttributes(t *testing.T) {
	t.Parallel()
	a := viewstest.Tree(t, `<p class="x  y" id="a">One <b>two</b></p>`)
	b := viewstest.Tree(t, "<p id=\"a\" class=\"x y\">\n  One\n  <b>two</b>\n</p>")
	require.Equal(t, a, b)
	require.NotEqual(t, a, viewstest.Tree(t, `<p id="a" class="x y">One two</p>`))
}
