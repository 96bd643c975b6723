package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// built holds the binaries that the tests share, by their tags.
var built = struct {
	sync.Mutex
	folder string
	done   map[string]string
}{done: map[string]string{}}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.folder != "" {
		if err := os.RemoveAll(built.folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// build builds the product with more tags, once for all tests, and gives its path.
func build(t *testing.T, more ...string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	all := strings.Join(append([]string{buildTags}, more...), ",")
	if path := built.done[all]; path != "" {
		return path
	}
	if built.folder == "" {
		folder, err := os.MkdirTemp("", "formrail-check-built-")
		require.NoError(t, err)
		built.folder = folder
	}
	out := filepath.Join(built.folder, fmt.Sprintf("formrail-%d", len(built.done)))
	text, err := exec.CommandContext(t.Context(), "go", "build", "-tags", all, "-o", out, "formrail/cmd/formrail").CombinedOutput()
	require.NoError(t, err, string(text))
	built.done[all] = out
	return out
}

// serve starts a server with a data folder of its own, which both end with the test.
// What the settings do not say is that of an ordinary build; in short mode the test is
// skipped.
func serve(t *testing.T, s settings) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED in short mode: runs a real server")
	}
	if s.binary == "" {
		s.binary = build(t)
	}
	s.out = os.Stdout
	v, err := newServer(s)
	require.NoError(t, err)
	t.Cleanup(func() { v.kill(); require.NoError(t, os.RemoveAll(v.folder)) })
	require.NoError(t, v.start(t.Context(), ""))
	return v
}

// stranger opens a browser for somebody who is not signed in. Where it stands when the
// test fails is kept as a picture.
func stranger(t *testing.T, v *server, who string) *browser {
	t.Helper()
	b := open(t, v.address())
	t.Cleanup(func() {
		if t.Failed() {
			b.picture("failed-" + t.Name() + "-" + who)
		}
	})
	return b
}

// demo starts the demo and signs the designer in.
func demo(t *testing.T) *browser {
	t.Helper()
	return demoPeople(t)("designer")
}

// demoPeople starts the demo; each person signs in once, in a browser of his own.
func demoPeople(t *testing.T) func(who string) *browser {
	t.Helper()
	v := serve(t, settings{serve: []string{"--demo"}})
	links := signInLinks(v)
	require.Len(t, links, 3, v.said)
	return func(who string) *browser {
		b := stranger(t, v, who)
		b.visit(strings.TrimPrefix(links[who], v.address()))
		b.press("Sign in")
		b.arrives("/")
		return b
	}
}
