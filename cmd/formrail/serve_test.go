package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// get asks for a page and gives status and text.
func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(data)
}

func TestServe_OffersTheSetUpUntilThereIsAnOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir)
	require.Len(t, first.welcome, 2, "a sentence and the link")
	status, page := get(t, first.welcome[1])
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Create the first administrator")
	first.stop()

	okWith(t, input{stdin: "nine grey otters knit"}, "user", "create", "--data", dir, "--email", "a@example.com", "--name", "Ana", "--role", "root")
	second := start(t, dir)
	require.Empty(t, second.welcome, "there is nothing to set up any more")
	status, page = get(t, second.url+"/sign-in")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Sign in")
	second.stop()
}

func TestServe_OwnsItsFolderAndLetsCommandsWorkBesideIt(t *testing.T) {
	t.Parallel()
	dir, file := installation(t), filepath.Join(t.TempDir(), "backup")
	p := start(t, dir)
	for _, args := range [][]string{{"serve", "--addr", "localhost:0"}, {"restore", file}, {"copy", "--from", dir, "--to", t.TempDir()}} {
		if args[0] == "restore" {
			requireOK(t, "backup", file, "--data", dir)
		}
		got := formrail(append(args, "--data", dir)...)
		require.Equal(t, exitFailed, got.code, args)
		require.Contains(t, got.errors, "Another Formrail server already runs on this data.")
	}
	token := strings.TrimSpace(requireOK(t, "token", "create", "--data", dir, "--user", "robin@example.com"))
	in := input{env: map[string]string{"FORMRAIL_TOKEN": token}}
	require.Empty(t, okWith(t, in, "executions", "--url", p.url), "a token that was made meanwhile works at once")
	require.Contains(t, requireOK(t, "doctor", "--data", dir), "No defects were found.")
	p.stop()
	require.Contains(t, p.log.String(), "stopping")
}

func TestServe_EndsStreamsAndFinishesWhenItIsStopped(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "--demo")
	browser := signIn(t, p.welcome[len(p.welcome)-1])
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.url+"/live?topics=tasks", nil)
	require.NoError(t, err)
	stream, err := browser.Do(req)
	require.NoError(t, err)
	defer stream.Body.Close()
	require.Equal(t, http.StatusOK, stream.StatusCode)
	p.stop()
	_, err = io.Copy(io.Discard, stream.Body)
	require.NoError(t, err, "the stream was ended, not cut")
}

func TestServe_SaysThatItsAddressIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	got := formrail("serve", "--data", t.TempDir(), "--addr", taken.Addr().String())
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.errors, "is in use by another program. Choose another one with --addr.")
}

func TestServe_TakesAListOfWhatMayBeCalledInside(t *testing.T) {
	t.Parallel()
	got := formrail("serve", "--data", t.TempDir(), "--addr", "localhost:0", "--egress-allow", "10.0.0.0/8,http://erp.lan")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.errors, `--egress-allow: "http://erp.lan" is no host`)
	got = formrailWith(input{env: map[string]string{"FORMRAIL_EGRESS_ALLOW": "*"}}, "serve", "--data", t.TempDir(), "--addr", "localhost:0")
	require.Equal(t, exitUsage, got.code)
	p := start(t, t.TempDir(), "--egress-allow", "erp.lan:8080, 10.1.0.0/16")
	p.stop()
	require.Contains(t, p.log.String(), "erp.lan:8080,10.1.0.0/16")
}
