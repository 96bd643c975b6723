package web

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/middleware"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/auth"
	"formrail/views/ui"
	"formrail/views/urls"
)

// BaseURLName is where the address of an installation is kept.
const BaseURLName = "base_url"

// showSetup draws the form for the first administrator. It is there for the holder
// of the link that the server printed.
func (s *site) showSetup(c *fiber.Ctx) error {
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	if err := s.DB.PeekLink(c.UserContext(), models.SetupLink, query.Get("token")); err != nil {
		return err
	}
	p := auth.SetupProps{Token: query.Get("token"), TimeZone: "UTC", BaseURL: s.Base.URL()}
	if p.BaseURL == "" {
		p.BaseURL = c.Protocol() + "://" + string(c.Request().Header.Host())
	}
	return s.drawSetup(c, fiber.StatusOK, p)
}

func (s *site) drawSetup(c *fiber.Ctx, status int, p auth.SetupProps) error {
	var err error
	if p.Session, err = s.visitor(c); err != nil {
		return err
	}
	p.Zones = zones(p.TimeZone)
	return reply.Status(c, status, auth.Setup(p), nil)
}

// zones are the time zones to choose from; chosen is always among them.
func zones(chosen string) []ui.Choice {
	list := []string{
		"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Anchorage", "America/Argentina/Buenos_Aires",
		"America/Bogota", "America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
		"America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/Toronto", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong",
		"Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai",
		"Asia/Singapore", "Asia/Taipei", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Reykjavik", "Australia/Adelaide", "Australia/Brisbane",
		"Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Bucharest",
		"Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London",
		"Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw",
		"Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu",
	}
	if chosen != "" && !slices.Contains(list, chosen) {
		list = append(list, chosen)
	}
	out := make([]ui.Choice, len(list))
	for i, name := range list {
		out[i] = ui.Choice{Value: name, Label: strings.ReplaceAll(name, "_", " ")}
	}
	return out
}

// setUp creates the first owner: link, person, address and zone in one transaction.
func (s *site) setUp(c *fiber.Ctx) error {
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	p := auth.SetupProps{
		Token: form.Get("token"), Name: form.Get("name"), Email: form.Get("email"), BaseURL: strings.TrimRight(form.Get("baseURL"), "/"), TimeZone: form.Get("timeZone"),
	}
	started, err := s.createOwner(c, p, form.Get("password"))
	if err != nil {
		e := models.AsError(err)
		if e.Kind != models.KindInvalid {
			return err
		}
		p.Problems = setupProblems(c, e)
		return s.drawSetup(c, fiber.StatusUnprocessableEntity, p)
	}
	if err := s.Base.Set(p.BaseURL); err != nil {
		return err
	}
	s.Engine.SetBaseURL(s.Base.URL())
	middleware.SetSession(c, s.Base, started)
	return reply.Redirect(c, urls.Home())
}

func (s *site) createOwner(c *fiber.Ctx, p auth.SetupProps, password string) (models.Started, error) {
	ctx := c.UserContext()
	if _, err := route.NewBase(p.BaseURL); err != nil || p.BaseURL == "" {
		return models.Started{}, models.InvalidFields([]models.FieldError{{
			Field: "baseURL", Code: "VALIDATION_FAILED",
			Message: text.M("setup.base_url_form", "Enter an address such as https://flows.example.com."),
		}})
	}
	if err := models.CheckPasswordRules(password); err != nil {
		return models.Started{}, err
	}
	if err := s.DB.PeekLink(ctx, models.SetupLink, p.Token); err != nil {
		return models.Started{}, err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return models.Started{}, err
	}
	var started models.Started
	err = s.DB.Write(ctx, "page.setup", func(tx *models.Tx) error {
		if _, err := models.UseLink(ctx, tx, models.SetupLink, p.Token); err != nil {
			return err
		}
		owner, err := models.CreateRoot(ctx, tx, models.NewUser{Email: p.Email, Nickname: p.Name, TimeZone: p.TimeZone, Password: hash})
		if err != nil {
			return err
		}
		if err := tx.SetMeta(ctx, BaseURLName, p.BaseURL); err != nil {
			return err
		}
		if err := tx.SetMeta(ctx, timeZoneName, p.TimeZone); err != nil {
			return err
		}
		started, err = models.StartSession(ctx, tx, models.NewSession{
			UserID: owner.ID, Kind: models.BrowserSession, Address: models.RequestOf(ctx).Address, Agent: c.Get(fiber.HeaderUserAgent),
		})
		return err
	})
	return started, err
}

// setupProblems puts each finding beside its input.
func setupProblems(c *fiber.Ctx, e *models.Error) auth.SetupProblems {
	var p auth.SetupProblems
	places := map[string]*string{"nickname": &p.Name, "email": &p.Email, "username": &p.Email, "password": &p.Password, "baseURL": &p.BaseURL, "timeZone": &p.TimeZone}
	for _, f := range e.Fields {
		place, ok := places[f.Field]
		if !ok {
			place = &p.Form
		}
		if *place == "" {
			*place = f.Message.In(c.UserContext())
		}
	}
	if len(e.Fields) == 0 {
		p.Form = e.Message.In(c.UserContext())
	}
	return p
}
