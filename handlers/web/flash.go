package web

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/views/ui"
)

// flash is what a page says once about the change before it. It travels in a cookie
// of this host and is shown as text; its link can only lead to a page here.
type flash struct {
	Tone  ui.Tone `json:"t,omitempty"`
	Title string  `json:"s"`
	Text  string  `json:"m,omitempty"`
	Label string  `json:"l,omitempty"` // of the link
	Href  string  `json:"h,omitempty"`
}

// maxFlash keeps the cookie within what browsers store.
const maxFlash = 2_000

func (s *site) flashName() string {
	if s.Base.Secure() {
		return "__Host-flash"
	}
	return "flash"
}

// say keeps a sentence for the next page.
func (s *site) say(c *fiber.Ctx, f flash) error {
	if len(f.Text) > maxFlash {
		f.Text = strings.ToValidUTF8(f.Text[:maxFlash], "") + "…"
	}
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	c.Cookie(&fiber.Cookie{
		Name: s.flashName(), Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", MaxAge: 60, HTTPOnly: true,
		Secure: s.Base.Secure(), SameSite: fiber.CookieSameSiteLaxMode,
	})
	return nil
}

// heard takes the sentence that was kept, if any.
func (s *site) heard(c *fiber.Ctx) []ui.ToastProps {
	sent := c.Cookies(s.flashName())
	if sent == "" {
		return nil
	}
	c.Cookie(&fiber.Cookie{
		Name: s.flashName(), Path: "/", MaxAge: -1, HTTPOnly: true, Secure: s.Base.Secure(), SameSite: fiber.CookieSameSiteLaxMode,
	})
	var f flash
	b, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil || json.Unmarshal(b, &f) != nil || f.Title == "" {
		return nil
	}
	return []ui.ToastProps{f.toast()}
}

// toast is the sentence as a page shows it.
func (f flash) toast() ui.ToastProps {
	toast := ui.ToastProps{Tone: f.Tone, Title: f.Title, Text: f.Text}
	if f.Label != "" && localPath(f.Href) {
		toast.Action = ui.Button(ui.ButtonProps{Label: f.Label, Kind: ui.Ghost, Size: ui.Small, Href: f.Href}, nil)
	}
	return toast
}

// localPath reports whether an address stays on this installation, whatever a
// browser makes of slashes and backslashes.
func localPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t\x00")
}
