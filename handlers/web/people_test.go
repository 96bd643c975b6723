package web_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// newPerson is the form of a person as a browser sends it.
func newPerson(name, email, manager string, roles ...string) url.Values {
	return url.Values{"name": {name}, "email": {email}, "manager": {manager}, "role": roles}
}

// sharedLink reads the link that a page shows once, without the address of the server.
func sharedLink(t *testing.T, page *html.Node) string {
	t.Helper()
	at := handlerstest.First(page, "input", "id", "person-link")
	require.NotNil(t, at, "the page shows no link")
	_, link, found := strings.Cut(handlerstest.Attr(at, "value"), "/invitation?")
	require.True(t, found)
	return "/invitation?" + link
}

// choose follows a link and chooses a password.
func choose(t *testing.T, c *handlerstest.Client, link, password string) *handlerstest.Answer {
	t.Helper()
	page := c.Get(link).Want(200).Page()
	form := fill(t, page, "/invitation")
	form.Set("_csrf", handlerstest.Attr(handlerstest.First(page, "input", "name", "_csrf"), "value"))
	form.Set("password", password)
	return c.Submit("/invitation", form)
}

func (w world) found(t *testing.T, account string) models.User {
	t.Helper()
	u, err := models.UserByAccount(context.Background(), w.DB.Read(), account)
	require.NoError(t, err)
	return u
}

// isSet reports whether an input has an attribute that is on by being there.
func isSet(page *html.Node, id, name string) bool {
	return slices.ContainsFunc(handlerstest.First(page, "input", "id", id).Attr, func(a html.Attribute) bool { return a.Key == name })
}

func personPath(u models.User, action string) string {
	return fmt.Sprintf("/settings/people/%d%s", u.ID, action)
}

func TestPeople_AColleagueIsAddedAndComesInByALinkThatWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.Browser(w.Root)
	require.Contains(t, handlerstest.Text(owner.Get("/").Want(200).Page()), "People")
	complete(t, "the form of a new person", owner.Get("/settings/new-person").Want(200))
	answer := owner.Submit("/settings/people", newPerson(" Jun Tanaka ", "Jun@Example.com", fmt.Sprint(w.mara.ID), "approver")).Want(200)
	complete(t, "the new link", answer)
	link := sharedLink(t, answer.Page())
	require.NotContains(t, mainText(t, owner.Get("/settings/people").Want(200).Page()), "invitation?", "the link is shown once")

	made := w.found(t, "jun@example.com")
	require.Equal(t, models.UserInvited, made.Status)
	require.Equal(t, "Jun Tanaka", made.Nickname)
	require.Equal(t, w.mara.ID, made.ManagerID)
	roles, err := models.DirectRoles(context.Background(), w.DB.Read(), made.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"approver"}, roles)

	jun := w.Visitor()
	complete(t, "the invitation", jun.Get(link).Want(200))
	refused := choose(t, jun, link, "short").Want(422)
	complete(t, "the refused password", refused)
	require.Equal(t, "true", handlerstest.Attr(handlerstest.First(refused.Page(), "input", "name", "password"), "aria-invalid"))
	require.Empty(t, handlerstest.Attr(handlerstest.First(refused.Page(), "input", "name", "password"), "value"))
	require.Equal(t, "/", choose(t, jun, link, "seven quiet umbrellas").Want(303).Header.Get("Location"))
	require.Contains(t, handlerstest.Text(jun.Get("/").Want(200).Page()), "Jun Tanaka")
	require.Equal(t, models.UserActive, w.found(t, "jun@example.com").Status)

	w.Visitor().Get(link).Want(410)
	late := w.Visitor()
	form := signInForm(t, late, "/sign-in")
	form.Set("token", strings.TrimPrefix(link, "/invitation?token="))
	form.Set("password", "nine quiet umbrellas")
	late.Submit("/invitation", form).Want(410)
	form.Set("email", "jun@example.com")
	form.Set("password", "seven quiet umbrellas")
	late.Submit("/sign-in", form).Want(303)
	require.NotContains(t, w.Log.String(), strings.TrimPrefix(link, "/invitation?token="), "links are not logged")
}

func TestPeople_FormsKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.Browser(w.Root)
	value := func(answer *handlerstest.Answer, id string) string {
		return handlerstest.Attr(handlerstest.First(answer.Page(), "input", "id", id), "value")
	}
	for name, form := range map[string]url.Values{
		"no name":          newPerson("", "kim@example.com", "", "approver"),
		"no address":       newPerson("Kim", "kim", "", "approver"),
		"an address twice": newPerson("Kim", "EMIL@example.com", "", "approver"),
		"a strange boss":   newPerson("Kim", "kim@example.com", "99999", "approver"),
		"no boss at all":   newPerson("Kim", "kim@example.com", "'; DROP TABLE users", "approver"),
		"an unknown role":  newPerson("Kim", "kim@example.com", "", "approver", "no_such_role"),
		"a line break":     newPerson("Kim\nBcc: x", "kim@example.com", "", "approver"),
	} {
		answer := owner.Submit("/settings/people", form).Want(422)
		complete(t, name, answer)
		require.Equal(t, form.Get("email"), value(answer, "person-email"), name)
		require.True(t, isSet(answer.Page(), "person-role-approver", "checked"), name)
	}
	_, err := models.UserByAccount(context.Background(), w.DB.Read(), "kim@example.com")
	require.True(t, models.IsKind(err, models.KindNotFound))

	evil := `<img src=x onerror=alert(1)>"' `
	made := owner.Submit("/settings/people", newPerson(evil, "evil@example.com", "")).Want(200)
	require.Nil(t, handlerstest.First(made.Page(), "img"))
	require.Contains(t, mainText(t, made.Page()), strings.TrimSpace(evil))
}

func TestPeople_OnlyThoseWhoManagePeopleSeeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	require.NotContains(t, handlerstest.Text(emil.Get("/").Want(200).Page()), "People")
	for _, path := range []string{"/settings/people", "/settings/new-person", personPath(w.ines, "")} {
		emil.Get(path).Want(403)
	}
	for _, path := range []string{"/settings/people", personPath(w.ines, ""), personPath(w.ines, "/link"), personPath(w.ines, "/activate"), personPath(w.ines, "/deactivate")} {
		emil.Submit(path, newPerson("x", "x@example.com", "")).Want(403)
	}
	owner := w.Browser(w.Root)
	for _, id := range []string{"0", "-1", "99999", "x", "1%20OR%201=1"} {
		owner.Get("/settings/people/" + id).Want(404)
		owner.Submit("/settings/people/"+id+"/link", url.Values{}).Want(404)
	}
}

func TestPeople_NobodyGivesMoreThanHeHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Role("personnel", []string{"user.manage", "user.assign_roles"})
	pia := w.Browser(w.Person("pia", "personnel", "approver", "reviewer"))
	page := pia.Get("/settings/new-person").Want(200).Page()
	require.True(t, isSet(page, "person-role-root", "disabled"))
	require.False(t, isSet(page, "person-role-personnel", "disabled"))
	for _, role := range []string{"root", "admin", "designer"} {
		pia.Submit("/settings/people", newPerson("Kim", "kim@example.com", "", role)).Want(403)
		form := newPerson("ines", "ines@example.com", "", role)
		form.Set("_version", "1")
		pia.Submit(personPath(w.ines, ""), form).Want(403)
	}
	for _, action := range []string{"/link", "/deactivate"} {
		pia.Submit(personPath(w.Root, action), url.Values{}).Want(403)
	}
	require.Nil(t, handlerstest.First(pia.Get("/settings/people").Want(200).Page(), "form", "action", personPath(w.Root, "/link")))

	t.Run("and leaves roles that he could not give", func(t *testing.T) { //nolint:paralleltest // goes on with the same people
		form := newPerson("Robin Renamed", "root@example.com", "")
		form.Set("_version", fmt.Sprint(w.found(t, "root@example.com").Version))
		pia.Submit(personPath(w.Root, ""), form).Want(303)
		roles, err := models.DirectRoles(context.Background(), w.DB.Read(), w.Root.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"root"}, roles)
		form.Set("_version", fmt.Sprint(w.found(t, "root@example.com").Version))
		form.Set("email", "stolen@example.com")
		pia.Submit(personPath(w.Root, ""), form).Want(403)
	})
	t.Run("not even by a link that he gave before", func(t *testing.T) { //nolint:paralleltest // goes on with the same people
		link := sharedLink(t, pia.Submit("/settings/people", newPerson("Lou", "lou@example.com", "")).Want(200).Page())
		w.Visitor().Get(link).Want(200)
		w.Write(func(ctx context.Context, tx *models.Tx) error {
			_, err := models.GiveRoles(ctx, tx, models.SystemAccess(), models.RolesFor{UserID: w.found(t, "lou@example.com").ID, Roles: []string{"root"}})
			return err
		})
		w.Visitor().Get(link).Want(410)
	})
}

func TestPeople_TheLastOwnerStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.Browser(w.Root)
	form := newPerson("Robin Root", "root@example.com", "", "approver")
	form.Set("_version", fmt.Sprint(w.Root.Version))
	answer := owner.Submit(personPath(w.Root, ""), form).Want(409)
	complete(t, "the last owner", answer)
	require.Contains(t, handlerstest.Text(answer.Page()), "last active owner")
	refused := owner.Submit(personPath(w.Root, "/deactivate"), url.Values{}).Want(409)
	complete(t, "oneself", refused)
	require.Contains(t, mainText(t, refused.Page()), "cannot deactivate yourself")
}

func TestPeople_ChangesAreSavedAndStaleOnesAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.Browser(w.Root)
	complete(t, "the form of a person", owner.Get(personPath(w.emil, "")).Want(200))
	form := newPerson("Emil Engel", "emil.engel@example.com", fmt.Sprint(w.mara.ID), "approver")
	form.Set("_version", fmt.Sprint(w.emil.Version))
	owner.Submit(personPath(w.emil, ""), form).Want(303)
	list := owner.Get("/settings/people?search=ENGEL").Want(200)
	complete(t, "the list", list)
	require.Contains(t, mainText(t, list.Page()), "Emil Engel")
	require.Contains(t, mainText(t, list.Page()), "1–1 of 1")
	require.Contains(t, mainText(t, list.Page()), "Never", "he has not signed in")
	w.Browser(w.emil).Get("/").Want(200)
	require.NotContains(t, mainText(t, owner.Get("/settings/people?search=engel").Want(200).Page()), "Never")
	emil := w.found(t, "emil.engel@example.com")
	require.Equal(t, w.mara.ID, emil.ManagerID)

	form.Set("name", "Too late")
	require.Contains(t, handlerstest.Text(owner.Submit(personPath(w.emil, ""), form).Want(409).Page()), "Somebody changed this person meanwhile")
	form.Del("_version")
	owner.Submit(personPath(w.emil, ""), form).Want(400)
	form.Set("_version", fmt.Sprint(emil.Version))
	form.Set("manager", fmt.Sprint(w.emil.ID))
	owner.Submit(personPath(w.emil, ""), form).Want(422)
	form.Set("manager", "")
	owner.Submit(personPath(w.emil, ""), form).Want(303)
	require.Zero(t, w.found(t, "emil.engel@example.com").ManagerID)
}

func TestPeople_WhoIsDeactivatedIsOutAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, ines := w.Browser(w.Root), w.Browser(w.ines)
	link := sharedLink(t, owner.Submit(personPath(w.ines, "/link"), url.Values{}).Want(200).Page())
	newer := sharedLink(t, owner.Submit(personPath(w.ines, "/link"), url.Values{}).Want(200).Page())
	w.Visitor().Get(link).Want(410)
	w.Visitor().Get(newer).Want(200)
	ines.Get("/").Want(200)
	owner.Submit(personPath(w.ines, "/deactivate"), url.Values{}).Want(303)
	ines.Get("/").Want(303)
	w.Visitor().Get(newer).Want(410)
	require.Contains(t, mainText(t, owner.Submit(personPath(w.ines, "/link"), url.Values{}).Want(409).Page()), "Activate the account first")
	owner.Submit(personPath(w.ines, "/activate"), url.Values{}).Want(303)
	w.Visitor().Get(newer).Want(410)
	again := sharedLink(t, owner.Submit(personPath(w.ines, "/link"), url.Values{}).Want(200).Page())
	w.Clock.Advance(models.InvitationLife + time.Minute)
	w.Visitor().Get(again).Want(410)
}

func TestPeople_TheListHasPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 25 {
		w.Person(fmt.Sprintf("zoe%02d", i))
	}
	owner := w.Browser(w.Root)
	first := mainText(t, owner.Get("/settings/people").Want(200).Page())
	require.Contains(t, first, "1–25 of 30")
	require.NotContains(t, first, "zoe24")
	for _, number := range []string{"2", "99999999", "2&search="} {
		second := mainText(t, owner.Get("/settings/people?page="+number).Want(200).Page())
		require.Contains(t, second, "26–30 of 30")
		require.Contains(t, second, "zoe24")
	}
	for _, number := range []string{"0", "-3", "x", ""} {
		require.Contains(t, mainText(t, owner.Get("/settings/people?page="+number).Want(200).Page()), "1–25 of 30")
	}
	require.Contains(t, mainText(t, owner.Get("/settings/people?search=100%25").Want(200).Page()), "No match")
}
