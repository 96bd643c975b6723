package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/people"
	"formrail/views/ui"
	"formrail/views/urls"
)

// pageOfPeople is how many rows the list of people shows at once.
const pageOfPeople = 25

// people are the pages on which colleagues are added and changed.
func (s *site) people() []route.Route {
	manage := route.Right("user.manage")
	return []route.Route{
		page("/settings/people", manage, s.listPeople),
		change("/settings/people", manage, s.addPerson),
		page("/settings/new-person", manage, s.newPerson),
		page("/settings/people/{id}", manage, s.showPerson),
		change("/settings/people/{id}", manage, s.savePerson),
		change("/settings/people/{id}/link", manage, s.invitePerson),
		change("/settings/people/{id}/activate", manage, s.setPersonStatus(models.ActivateUser, func(name string) text.Message {
			return text.M("people.activated", "%s is active", name)
		})),
		change("/settings/people/{id}/deactivate", manage, s.setPersonStatus(models.DeactivateUser, func(name string) text.Message {
			return text.M("people.deactivated_one", "%s is deactivated", name)
		})),
	}
}

// listPeople draws everybody, or those whose name or address holds what is searched
// for.
func (s *site) listPeople(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	return v.drawPeople(c, fiber.StatusOK, people.ListProps{})
}

// drawPeople draws the list that the address asks for, below what p brings.
func (v *viewer) drawPeople(c *fiber.Ctx, status int, p people.ListProps) error {
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p.Search = strings.TrimSpace(query.Get("search"))
	if err := v.peopleRows(ctx, &p, query.Get("page")); err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.Status(c, status, nil, people.Table(p))
	}
	v.flash = v.site.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, people.List(p), nil)
}

// peopleRows reads one page of the list; a page that there is not is the nearest one.
func (v *viewer) peopleRows(ctx context.Context, p *people.ListProps, number string) error {
	db, query := v.site.DB.Read(), models.UserQuery{Search: p.Search, Limit: pageOfPeople}
	total, err := models.CountUsers(ctx, db, query)
	if err != nil {
		return err
	}
	last := max(0, (total-1)/pageOfPeople)
	at, err := strconv.Atoi(number)
	if err != nil {
		at = 1
	}
	at = min(max(at-1, 0), last)
	query.Offset = at * pageOfPeople
	list, err := models.Users(ctx, db, query)
	if err != nil {
		return err
	}
	for _, u := range list {
		row, err := v.personRow(ctx, u)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	p.Pager.Summary = text.T(ctx, "people.range", "%d–%d of %d", query.Offset+min(1, len(list)), query.Offset+len(list), total)
	if at > 0 {
		p.Pager.Previous = peoplePage(p.Search, at)
	}
	if at < last {
		p.Pager.Next = peoplePage(p.Search, at+2)
	}
	return nil
}

func peoplePage(search string, number int) string {
	q := url.Values{"page": {strconv.Itoa(number)}}
	if search != "" {
		q.Set("search", search)
	}
	return urls.People() + "?" + q.Encode()
}

func (v *viewer) personRow(ctx context.Context, u models.User) (people.Row, error) {
	r := people.Row{
		Person: ui.Person{ID: strconv.FormatInt(u.ID, 10), Name: u.Nickname}, Email: u.Email,
		Status: people.Status(u.Status), Seen: v.since(u.LastSeenAt), Self: u.ID == v.user.ID,
	}
	var err error
	if r.Manager, err = v.names.of(ctx, u.ManagerID); err != nil {
		return r, err
	}
	if r.CanManage, err = v.site.DB.MayManage(ctx, v.access, u.ID); err != nil {
		return r, err
	}
	mine, err := v.site.DB.RolesOf(ctx, u.ID)
	if err != nil {
		return r, err
	}
	roles, err := v.site.DB.Roles(ctx)
	if err != nil {
		return r, err
	}
	for _, role := range roles {
		if slices.Contains(mine, role.Name) && (role.Name != models.RoleMember || len(mine) == 1) {
			r.Roles = append(r.Roles, role.Title)
		}
	}
	return r, nil
}

// person finds the person of the address.
func (s *site) person(c *fiber.Ctx) (*viewer, models.User, error) {
	v, err := s.visit(c)
	if err != nil {
		return nil, models.User{}, err
	}
	id, err := strconv.ParseInt(route.Param(c, "id"), 10, 64)
	if err != nil {
		return nil, models.User{}, models.NotFound()
	}
	u, err := models.UserByID(c.UserContext(), s.DB.Read(), id)
	return v, u, err
}

// invitePerson makes a new link for somebody and shows it this once.
func (s *site) invitePerson(c *fiber.Ctx) error {
	v, u, err := s.person(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	var secret string
	err = s.DB.Write(ctx, "page.invite", func(tx *models.Tx) error {
		var err error
		secret, err = models.Invite(ctx, tx, v.access, u.ID)
		return err
	})
	if e := refusal(err); e != nil {
		return v.drawPeople(c, reply.StatusOf(e), people.ListProps{Problem: e.Message.In(ctx)})
	}
	if err != nil {
		return err
	}
	return v.drawPeople(c, fiber.StatusOK, people.ListProps{Link: s.invitation(u, secret)})
}

// invitation is a link as the page shows it.
func (s *site) invitation(u models.User, secret string) *people.Link {
	return &people.Link{Name: u.Nickname, Address: urls.InvitationLink(s.Base.URL(), secret)}
}

// setPersonStatus lets somebody in again, or shuts him out.
func (s *site) setPersonStatus(set func(context.Context, *models.Tx, models.Access, int64) error, said func(name string) text.Message) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, u, err := s.person(c)
		if err != nil {
			return err
		}
		ctx := c.UserContext()
		err = s.DB.Write(ctx, "page.person_status", func(tx *models.Tx) error { return set(ctx, tx, v.access, u.ID) })
		if e := refusal(err); e != nil {
			return v.drawPeople(c, reply.StatusOf(e), people.ListProps{Problem: e.Message.In(ctx)})
		}
		if err != nil {
			return err
		}
		if err := s.say(c, flash{Tone: ui.OK, Title: said(u.Nickname).In(ctx)}); err != nil {
			return err
		}
		return reply.Redirect(c, urls.People())
	}
}
