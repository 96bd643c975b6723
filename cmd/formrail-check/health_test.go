package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser_ARestoredInstallationSaysSoOnEveryPage restores the demo, looks at the
// pages about its health in every look, and releases it by clicking.
//
//nolint:paralleltest // loads the machine
func TestBrowser_ARestoredInstallationSaysSoOnEveryPage(t *testing.T) {
	v := serve(t, settings{serve: []string{"--demo"}})
	file := filepath.Join(t.TempDir(), "backup")
	_, err := v.command(t.Context(), "", "backup", file)
	require.NoError(t, err)
	twin, err := newServer(settings{binary: v.s.binary, serve: []string{"--demo"}})
	require.NoError(t, err)
	_, err = twin.command(t.Context(), "", "restore", file)
	require.NoError(t, err)
	require.NoError(t, twin.start(t.Context(), ""))
	t.Cleanup(twin.kill)

	b := stranger(t, twin, "owner")
	b.visit(strings.TrimPrefix(signInLinks(twin)["designer"], twin.address()))
	b.press("Sign in")
	b.sees("sends nothing")
	b.listen()
	var bad []string
	for _, is := range []look{{1440, "light"}, {390, "dark"}, {1440, "dark"}, {390, "light"}} {
		for name, address := range map[string]string{"home": "/", "queue": "/queue", "watchdog": "/watchdog", "editor": "/workflows/reimb_approval"} {
			for _, fault := range b.faults(is, address) {
				bad = append(bad, name+" "+is.theme+": "+fault)
			}
			b.picture(name + "-" + is.theme + map[int64]string{390: "-narrow"}[is.width])
		}
	}
	require.Empty(t, bad, strings.Join(bad, "\n"))
	b.visit("/queue")
	b.press("Release")
	b.sees("Release this installation?")
	b.press("Release")
	b.sees("What waited goes on now.")
	b.visit("/watchdog")
	b.becomes("no bar", `!document.querySelector(".held")`)
}
