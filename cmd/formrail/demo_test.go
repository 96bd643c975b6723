package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
)

// signIn uses a line with a one-time link up, as a browser does.
func signIn(t *testing.T, line string) *http.Client {
	t.Helper()
	words := strings.Fields(line)
	link := words[len(words)-1]
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar}
	page := fetch(t, browser, http.MethodGet, link, nil)
	require.Equal(t, http.StatusOK, page.status, page.body)
	u, err := url.Parse(link)
	require.NoError(t, err)
	csrf := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(page.body)
	require.NotNil(t, csrf)
	home := fetch(t, browser, http.MethodPost, u.Scheme+"://"+u.Host+u.Path, url.Values{"token": {u.Query().Get("token")}, "_csrf": {csrf[1]}})
	require.Equal(t, http.StatusOK, home.status, home.body)
	return browser
}

type fetched struct {
	status int
	body   string
}

func fetch(t *testing.T, client *http.Client, method, address string, form url.Values) fetched {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	req.Header.Set("Origin", u.Scheme+"://"+u.Host)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(resp.Body)
	require.NoError(t, err)
	return fetched{resp.StatusCode, body.String()}
}

// caller speaks to the API as somebody.
type caller struct {
	t     *testing.T
	url   string
	token string
}

func (p *process) as(dir, account string) caller {
	p.t.Helper()
	return caller{p.t, p.url, strings.TrimSpace(requireOK(p.t, "token", "create", "--data", dir, "--user", account))}
}

// do calls the API and gives the data of the answer.
func (c caller) do(method, path, body string) any {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	var out struct {
		Data   any `json:"data"`
		Errors any `json:"errors"`
	}
	require.NoError(c.t, json.NewDecoder(resp.Body).Decode(&out))
	require.Less(c.t, resp.StatusCode, 300, "%s: %v", path, out.Errors)
	return out.Data
}

// waitFor asks again until what it sees is as wanted.
func (c caller) waitFor(path string, wanted func(data any) bool) any {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for {
		data := c.do(http.MethodGet, path, "")
		if wanted(data) {
			return data
		}
		select {
		case <-tick.C:
		case <-late:
			require.Fail(c.t, "never became as wanted", "%s gives %v", path, data)
		}
	}
}

func statusIs(status string) func(any) bool {
	return func(data any) bool { return data.(map[string]any)["status"] == status }
}

func TestDemo_LoadsOnceAndPrintsNewSignIns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, dir, "--demo")
	require.Len(t, first.welcome, 4)
	for i, who := range []string{"designer", "manager", "employee"} {
		require.True(t, strings.HasPrefix(first.welcome[i+1], who), first.welcome[i+1])
	}
	browser := signIn(t, first.welcome[3])
	page := fetch(t, browser, http.MethodGet, first.url+"/pages/reimbursements", nil)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, "Workshop material")
	require.Equal(t, http.StatusNotFound, fetch(t, browser, http.MethodGet, first.url+"/pages/payments", nil).status, "not for employees")
	again := fetch(t, http.DefaultClient, http.MethodGet, first.url+strings.TrimPrefix(strings.Fields(first.welcome[3])[1], first.url), nil)
	require.Equal(t, http.StatusGone, again.status, "a link works once")
	first.stop()

	count := func() (n [5]int64) {
		db := opened(t, dir)
		for i, table := range []string{"users", "collections", "workflow_versions", "pages", "c_reimbursements"} {
			require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n[i]))
		}
		return n
	}
	before := count()
	require.Equal(t, [5]int64{3, 2, 1, 2, 3}, before)
	second := start(t, dir, "--demo")
	require.NotEqual(t, first.welcome, second.welcome, "links are new at each start")
	second.stop()
	require.Equal(t, before, count())
	require.Contains(t, requireOK(t, "doctor", "--data", dir), "No defects were found.")
}

func TestDemo_GoesOnWhereALoadWasInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &cli{out: io.Discard, errors: io.Discard, clock: wallClock{}, env: func(string) string { return "" }}
	half, err := c.newServer(t.Context(), serving{storage: storage{dir: dir}, addr: "localhost:0", roles: roles{web: true, worker: true}})
	require.NoError(t, err)
	require.NoError(t, half.markDemo(t.Context(), "loading"))
	designer, err := half.demoPeople(t.Context())
	require.NoError(t, err)
	by, err := half.db.AccessOf(t.Context(), models.Person(designer.ID, ""))
	require.NoError(t, err)
	for _, step := range []func(context.Context, models.Access) error{half.demoCollections, half.demoGrants, half.demoWorkflows, half.demoPages} {
		require.NoError(t, step(t.Context(), by))
	}
	require.NoError(t, half.close())

	p := start(t, dir, "--demo")
	emil := p.as(dir, "emil@demo.example")
	require.Len(t, emil.do(http.MethodGet, "/api/reimbursements:list", ""), 3)
	p.stop()
	list, err := models.Workflows(t.Context(), opened(t, dir).Read())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.True(t, list[0].Enabled)
}

func TestDemo_KeepsOutOfAnInstallationWithData(t *testing.T) {
	t.Parallel()
	got := formrail("serve", "--demo", "--data", installation(t), "--addr", "localhost:0")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.errors, "The demo only goes into an empty installation.")
	require.NotContains(t, got.out, "ready")
}

func TestDemo_RunsTheWholeStory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, "--demo")
	emil, mara, dana := p.as(dir, "emil@demo.example"), p.as(dir, "mara@demo.example"), p.as(dir, "dana@demo.example")
	ask := func(body, bound string) string {
		id := emil.do(http.MethodPost, "/api/reimbursements:create"+bound, body).(map[string]any)["id"].(float64)
		return "/api/reimbursements:get/" + jsonNumber(id)
	}
	const submit = "?triggerWorkflows=reimb_approval"

	small := ask(`{"projectName": "Bike", "amount": 120}`, submit)
	emil.waitFor(small, statusIs("approved"))
	large := ask(`{"projectName": "Car", "amount": 1250}`, submit)
	emil.waitFor(large, statusIs("pending"))
	quick := ask(`{"projectName": "Quick", "amount": 900}`, "")

	one := func(data any) bool { return len(data.([]any)) == 1 }
	task := mara.waitFor("/api/tasks:list", one).([]any)[0].(map[string]any)
	require.Equal(t, "Car", task["title"])
	mara.do(http.MethodPost, "/api/tasks:approve/"+task["id"].(string), `{"version": 1, "comment": "Fine"}`)
	emil.waitFor(large, statusIs("approved"))
	mara.waitFor("/api/payments:list", func(data any) bool { return len(data.([]any)) == 2 })

	refused := ask(`{"projectName": "Yacht", "amount": 9000}`, submit)
	task = mara.waitFor("/api/tasks:list", one).([]any)[0].(map[string]any)
	mara.do(http.MethodPost, "/api/tasks:reject/"+task["id"].(string), `{"version": 1, "comment": "Too large"}`)
	got := emil.waitFor(refused, statusIs("rejected")).(map[string]any)
	require.Equal(t, "Too large", got["decisionNote"])
	emil.waitFor(quick, statusIs("draft"))

	in := input{env: map[string]string{"FORMRAIL_TOKEN": dana.token}}
	out := okWith(t, in, "executions", "--url", p.url)
	require.Equal(t, 3, strings.Count(out, "reimb_approval"), "the form without binding started nothing:\n%s", out)
	dana.waitFor("/api/executions:list", func(data any) bool {
		ended := map[string]int{}
		for _, e := range data.([]any) {
			ended[e.(map[string]any)["status"].(string)]++
		}
		return ended["succeeded"] == 2 && ended["rejected"] == 1
	})
	first := strings.Fields(strings.Split(out, "\n")[2])[2]
	require.Contains(t, okWith(t, in, "retry", first, "--url", p.url), `"rerunOf": "`+first+`"`)
	late := formrailWith(in, "cancel", first, "--url", p.url, "--reason", "mistake")
	require.Equal(t, exitFailed, late.code)
	require.Contains(t, late.errors, "EXECUTION_ENDED")
	run := okWith(t, input{env: in.env, stdin: `{"filterByTk": 3}`}, "run", "reimb_approval", "--url", p.url, "--input", "-", "--wait", "20")
	require.Contains(t, run, `"status": "succeeded"`)
	p.stop()
	require.Contains(t, requireOK(t, "doctor", "--data", dir), "No defects were found.")
}

// jsonNumber writes a whole number as JSON gives it.
func jsonNumber(n float64) string {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return string(b)
}
