package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/layout"
	"formrail/views/ui"
	"formrail/views/urls"
)

// viewer is the person who is signed in, with what his pages are drawn from. It ends
// with the request.
type viewer struct {
	site    *site
	session models.Session
	access  models.Access
	user    models.User
	roles   []string // those in use: all, or the chosen one
	now     time.Time
	cat     *models.Catalog
	names   names
	csrf    string
	flash   []ui.ToastProps
	values  map[string]bool // what seesValues found out
}

// visit finds out who looks at a page.
func (s *site) visit(c *fiber.Ctx) (*viewer, error) {
	ctx, caller := c.UserContext(), route.CallerOf(c)
	v := &viewer{site: s, session: *caller.Session, access: caller.Access, names: names{db: s.DB, known: map[int64]string{}}, values: map[string]bool{}}
	var err error
	if v.user, err = models.UserByID(ctx, s.DB.Read(), caller.UserID()); err != nil {
		return nil, err
	}
	v.names.known[v.user.ID] = v.user.Nickname
	if v.roles, err = s.DB.RolesOf(ctx, v.user.ID); err != nil {
		return nil, err
	}
	if role := caller.Principal.Role; role != "" {
		v.roles = []string{role}
	}
	if v.cat, err = s.DB.Catalog(ctx); err != nil {
		return nil, err
	}
	if v.csrf, err = s.DB.CSRFToken(ctx, v.session); err != nil {
		return nil, err
	}
	if v.now, err = s.nowFor(ctx, v.user); err != nil {
		return nil, err
	}
	c.SetUserContext(text.WithLocale(ctx, v.user.Locale))
	return v, nil
}

// timeZoneName is where the zone of an installation is kept: that of people who have
// not chosen one.
const timeZoneName = "time_zone"

// nowFor is the time in the zone of a person.
func (s *site) nowFor(ctx context.Context, u models.User) (time.Time, error) {
	name := u.TimeZone
	if name == "" {
		var err error
		if name, err = s.DB.Meta(ctx, timeZoneName); err != nil {
			return time.Time{}, err
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil { // a zone that this computer does not know
		zone = time.UTC
	}
	return s.DB.Now().In(zone), nil
}

// me is the viewer as pages show people.
func (v *viewer) me() ui.Person {
	return ui.Person{ID: strconv.FormatInt(v.user.ID, 10), Name: v.user.Nickname}
}

// frame is what every page of the viewer carries: navigation, theme, token and what
// was said by the page before.
func (v *viewer) frame(ctx context.Context) (layout.Session, error) {
	f := layout.Session{CSRF: v.csrf, Theme: v.user.Theme, Locale: v.user.Locale, Flash: v.flash}
	open, err := models.CountTasks(ctx, v.site.DB.Read(), v.user.ID)
	if err != nil {
		return f, err
	}
	note, err := v.roleNote(ctx)
	if err != nil {
		return f, err
	}
	f.Nav = layout.Nav{OpenTasks: int(open), Me: v.me(), MeNote: note}
	if f.Nav.Groups, err = v.navGroups(ctx); err != nil {
		return f, err
	}
	f.Nav.Settings = v.settingItems(ctx)
	f.Held, err = v.held(ctx)
	return f, err
}

// settingItems are the pages of the settings that the viewer may open.
func (v *viewer) settingItems(ctx context.Context) []layout.NavItem {
	if !v.access.Can("user.manage") {
		return nil
	}
	return []layout.NavItem{{Label: text.T(ctx, "people.title", "People"), Href: urls.People(), Icon: "users"}}
}

// navGroups are the entries of the sidebar below its first ones.
func (v *viewer) navGroups(ctx context.Context) ([]layout.NavGroup, error) {
	var build layout.NavGroup
	build.Title = text.T(ctx, "nav.build", "Build")
	if v.access.Can("workflow.view") {
		build.Items = append(build.Items, layout.NavItem{Label: text.T(ctx, "nav.workflows", "Workflows"), Href: urls.Workflows(), Icon: "workflow", Go: "w"})
	}
	if v.access.Can("execution.view") {
		build.Items = append(build.Items, layout.NavItem{Label: text.T(ctx, "nav.executions", "Executions"), Href: urls.Executions(), Icon: "activity", Go: "e"})
	}
	if v.access.Can("collection.design") {
		build.Items = append(build.Items, layout.NavItem{Label: text.T(ctx, "collections.title", "Collections"), Href: urls.Collections(), Icon: "database", Go: "d"})
	}
	own := layout.NavGroup{Title: text.T(ctx, "nav.pages", "Pages")}
	if v.access.Can("page.design") {
		own.All = layout.NavItem{Label: text.T(ctx, "nav.all_pages", "Design pages"), Href: urls.Pages(), Icon: "pencil-ruler"}
		own.New = layout.NavItem{Label: text.T(ctx, "design.new_page", "New page"), Href: urls.NewPage()}
	}
	operate := layout.NavGroup{Title: text.T(ctx, "nav.operate", "Operate")}
	if v.access.Can("execution.operate") {
		operate.Items = []layout.NavItem{
			{Label: text.T(ctx, "queue.title", "Queue"), Href: urls.Queue(), Icon: "layers"},
			{Label: text.T(ctx, "watchdog.title", "Watchdog"), Href: urls.Watchdog(), Icon: "shield-check"},
		}
	}
	var err error
	own.Items, err = v.pageItems(ctx)
	return []layout.NavGroup{build, own, operate, {Title: text.T(ctx, "settings.title", "Settings"), Items: v.settingItems(ctx)}}, err
}

// pageItems are the viewer's pages as entries of a menu.
func (v *viewer) pageItems(ctx context.Context) ([]layout.NavItem, error) {
	pages, err := v.pages(ctx)
	if err != nil {
		return nil, err
	}
	var out []layout.NavItem
	for _, p := range pages {
		out = append(out, layout.NavItem{Label: p.Title, Href: urls.Page(p.Key), Icon: v.site.pageIcon(p)})
	}
	return out, nil
}

// pageIcon is the icon of a page, or the usual one when the sprite lacks it.
func (s *site) pageIcon(p *models.Page) string {
	if p.Icon == "" || !strings.Contains(s.sprite, `id="`+p.Icon+`"`) {
		return "layout-list"
	}
	return p.Icon
}

// roleNote is what stands under the name: the chosen role, else the first that says
// more than that he is a member.
func (v *viewer) roleNote(ctx context.Context) (string, error) {
	roles, err := v.site.DB.Roles(ctx)
	if err != nil {
		return "", err
	}
	note := ""
	for _, r := range roles {
		if !slices.Contains(v.roles, r.Name) {
			continue
		}
		if r.Name != models.RoleMember || note == "" {
			note = r.Title
		}
		if r.Name != models.RoleMember {
			break
		}
	}
	return note, nil
}

// pages lists the pages that the viewer sees, in the order of the menu.
func (v *viewer) pages(ctx context.Context) ([]*models.Page, error) {
	all, err := v.site.DB.Pages(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(p *models.Page) bool { return !p.VisibleTo(v.roles) }), nil
}

// page finds a page that the viewer sees. Others do not exist for him.
func (v *viewer) page(ctx context.Context, key string) (*models.Page, error) {
	p, err := v.site.DB.PageByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	if !p.VisibleTo(v.roles) {
		return nil, models.NotFound()
	}
	return p, nil
}

// recordHref is where the viewer can look at a record: through the first of his
// pages that shows its collection. Empty when there is none.
func (v *viewer) recordHref(ctx context.Context, on *models.Collection, id string) (string, error) {
	p, b, err := v.recordPlace(ctx, on)
	if b == nil || err != nil {
		return "", err
	}
	return urls.Record(p.Key, b.ID, id), nil
}

// recordPlace is the first block of the viewer's pages that shows single records of a
// collection; nil when there is none, or when he may see no records of it.
func (v *viewer) recordPlace(ctx context.Context, on *models.Collection) (*models.Page, *models.Block, error) {
	if !v.access.MayTouch(on.Name, models.View) {
		return nil, nil, nil
	}
	pages, err := v.pages(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, want := range []models.BlockType{models.DetailsBlock, models.TableBlock} {
		for _, p := range pages {
			for _, b := range p.Blocks() {
				if b.Type == want && models.Snake(b.Collection) == models.Snake(on.Name) {
					return p, b, nil
				}
			}
		}
	}
	return nil, nil, nil
}
