package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/people"
	"formrail/views/ui"
	"formrail/views/urls"
)

// managerChoices bounds the people that the form offers as managers.
const managerChoices = 1_000

// personForm is the form of a person: what was typed, and about whom.
type personForm struct {
	name, email, manager, version string
	roles                         []string
	about                         models.User // zero for a new person
}

func readPersonForm(c *fiber.Ctx, about models.User) (personForm, error) {
	form, err := bind.ReadForm(c)
	return personForm{
		name: strings.TrimSpace(form.Get(people.NameInput)), email: strings.TrimSpace(form.Get(people.EmailInput)), manager: form.Get(people.ManagerInput),
		version: form.Get(ui.VersionName), roles: form[people.RoleInput], about: about,
	}, err
}

// managerID reads who was chosen as manager; 0 for nobody. What is no person is
// refused as one who is unknown.
func (f personForm) managerID() int64 {
	if f.manager == "" {
		return 0
	}
	id, err := strconv.ParseInt(f.manager, 10, 64)
	if err != nil || id <= 0 {
		return -1
	}
	return id
}

// newPerson draws the form of a new person over the list.
func (s *site) newPerson(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	roles, err := s.DB.Roles(c.UserContext())
	if err != nil {
		return err
	}
	f := personForm{}
	for _, r := range roles {
		if r.ForNew && v.mayGive(r) {
			f.roles = append(f.roles, r.Name)
		}
	}
	return v.drawPerson(c, fiber.StatusOK, f, nil)
}

// showPerson draws the form of one person over the list.
func (s *site) showPerson(c *fiber.Ctx) error {
	v, u, err := s.person(c)
	if err != nil {
		return err
	}
	f := personForm{name: u.Nickname, email: u.Email, version: strconv.FormatInt(u.Version, 10), about: u}
	if u.ManagerID != 0 {
		f.manager = strconv.FormatInt(u.ManagerID, 10)
	}
	if f.roles, err = models.DirectRoles(c.UserContext(), s.DB.Read(), u.ID); err != nil {
		return err
	}
	return v.drawPerson(c, fiber.StatusOK, f, nil)
}

// drawPerson draws a form over the list, with what is wrong with it.
func (v *viewer) drawPerson(c *fiber.Ctx, status int, f personForm, e *models.Error) error {
	ctx := c.UserContext()
	d := people.Dialog{
		Title: text.T(ctx, "people.add", "Add person"), Note: text.T(ctx, "people.add_note", "You get a link to hand over. With it the person chooses a password."),
		Address: urls.People(), Submit: text.T(ctx, "people.add", "Add person"), Version: f.version,
		Name: people.Text{Value: f.name, Problem: problemOf(ctx, "nickname", e)}, Email: people.Text{Value: f.email, Problem: cmp.Or(problemOf(ctx, "email", e), problemOf(ctx, "username", e))},
		Manager: people.Text{Value: f.manager, Problem: problemOf(ctx, "manager", e)}, RolesProblem: problemOf(ctx, "roles", e),
	}
	if f.about.ID != 0 {
		d.Title, d.Note, d.Submit = f.about.Nickname, "", text.T(ctx, "people.save", "Save")
		d.Address = urls.Person(strconv.FormatInt(f.about.ID, 10))
		may, err := v.site.DB.MayManage(ctx, v.access, f.about.ID)
		if err != nil {
			return err
		}
		d.EmailFixed = !may
	}
	if e != nil && d.Name.Problem+d.Email.Problem+d.Manager.Problem+d.RolesProblem == "" {
		d.Problem = sentence(ctx, e)
	}
	if err := v.managers(ctx, &d, f.about); err != nil {
		return err
	}
	if err := v.rolesToGive(ctx, &d, f.roles); err != nil {
		return err
	}
	return v.drawPeople(c, status, people.ListProps{Dialog: &d})
}

// managers lists who can be the manager of a person: everybody who works here but
// himself, and whoever is it now.
func (v *viewer) managers(ctx context.Context, d *people.Dialog, of models.User) error {
	list, err := models.Users(ctx, v.site.DB.Read(), models.UserQuery{Working: true, Limit: managerChoices})
	if err != nil {
		return err
	}
	now := of.ManagerID
	if now != 0 && !slices.ContainsFunc(list, func(u models.User) bool { return u.ID == now }) {
		u, err := models.UserByID(ctx, v.site.DB.Read(), now)
		if err != nil {
			return err
		}
		list = append(list, u)
	}
	for _, u := range list {
		if u.ID != of.ID {
			d.Managers = append(d.Managers, people.ManagerChoice{ID: strconv.FormatInt(u.ID, 10), Name: u.Nickname, Email: u.Email})
		}
	}
	return nil
}

// rolesToGive lists the roles beside the one that everybody has. Those with more
// rights than the viewer holds are shown and cannot be changed.
func (v *viewer) rolesToGive(ctx context.Context, d *people.Dialog, chosen []string) error {
	roles, err := v.site.DB.Roles(ctx)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r.Name == models.RoleMember {
			d.EveryoneTitle = r.Title
			continue
		}
		d.Roles = append(d.Roles, people.RoleChoice{
			Name: r.Name, Title: r.Title, Note: r.Description, Checked: slices.Contains(chosen, r.Name), Fixed: !v.mayGive(r),
		})
	}
	return nil
}

// mayGive reports whether the viewer may give a role and take it away.
func (v *viewer) mayGive(r models.Role) bool {
	return v.access.Can("user.assign_roles") && v.access.CoversRole(r)
}

// wantedRoles are the roles that a person shall have: those chosen, and those he has
// that the viewer cannot change, which browsers do not send.
func (v *viewer) wantedRoles(ctx context.Context, f personForm) ([]string, error) {
	wanted := append([]string{models.RoleMember}, f.roles...)
	if f.about.ID == 0 {
		return wanted, nil
	}
	have, err := models.DirectRoles(ctx, v.site.DB.Read(), f.about.ID)
	if err != nil {
		return nil, err
	}
	roles, err := v.site.DB.Roles(ctx)
	for _, r := range roles {
		if slices.Contains(have, r.Name) && !v.mayGive(r) {
			wanted = append(wanted, r.Name)
		}
	}
	return wanted, err
}

// addPerson creates a person and shows the link that lets him in.
func (s *site) addPerson(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	f, err := readPersonForm(c, models.User{})
	if err != nil {
		return err
	}
	if f.name == "" { // the models would take the user name
		return v.drawPerson(c, fiber.StatusUnprocessableEntity, f, nameMissing())
	}
	ctx := c.UserContext()
	in := models.NewUser{Nickname: f.name, Email: f.email, ManagerID: f.managerID()}
	if v.access.Can("user.assign_roles") || len(f.roles) > 0 {
		if in.Roles, err = v.wantedRoles(ctx, f); err != nil {
			return err
		}
	}
	var made models.User
	var secret string
	err = s.DB.Write(ctx, "page.person_add", func(tx *models.Tx) error {
		var err error
		if made, err = models.CreateUser(ctx, tx, v.access, in); err != nil {
			return err
		}
		secret, err = models.Invite(ctx, tx, v.access, made.ID)
		return err
	})
	if e := refusal(err); e != nil {
		return v.drawPerson(c, formStatus(e), f, e)
	}
	if err != nil {
		return err
	}
	return v.drawPeople(c, fiber.StatusOK, people.ListProps{Link: s.invitation(made, secret)})
}

// formStatus is the status of a form that is drawn again.
func formStatus(e *models.Error) int {
	if e.Kind == models.KindConflict {
		return fiber.StatusConflict
	}
	return fiber.StatusUnprocessableEntity
}

// nameMissing refuses a person without a name.
func nameMissing() *models.Error {
	return models.InvalidFields([]models.FieldError{{
		Field: "nickname", Code: "REQUIRED", Message: text.M("people.name_missing", "Enter the person's name."),
	}})
}

// savePerson changes name, address, manager and roles of a person.
func (s *site) savePerson(c *fiber.Ctx) error {
	v, u, err := s.person(c)
	if err != nil {
		return err
	}
	f, err := readPersonForm(c, u)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	wanted, err := v.wantedRoles(ctx, f)
	if err != nil {
		return err
	}
	manager := f.managerID()
	version, err := strconv.ParseInt(f.version, 10, 64)
	if err != nil {
		return models.Invalid("BAD_PARAMETER", text.M("people.no_version", "The form arrived incomplete. Load the page again."))
	}
	in := models.UserChange{ID: u.ID, Version: version, Nickname: &f.name, ManagerID: &manager, Roles: &wanted}
	if f.email != u.Email {
		in.Email = &f.email
	}
	err = s.DB.Write(ctx, "page.person_save", func(tx *models.Tx) error {
		_, err := models.UpdateUser(ctx, tx, v.access, in)
		return err
	})
	if e := refusal(err); e != nil {
		return v.drawPerson(c, formStatus(e), f, e)
	}
	if err != nil {
		return err
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "people.saved", "%s is saved", f.name)}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.People())
}
