package urls

import (
	"net/url"
)

// Pages is the list of pages for designers; a POST adds one.
func Pages() string { return "/pages" }

// NewPage is the list with the form of a new page open.
func NewPage() string { return Pages() + "?panel=new" }

// Design is a page in design mode.
func Design(page string) string { return Page(page) + "/design" }

// DesignPanel is a page in design mode with a panel open: settings, block, action,
// add-block, add-action or bind. The id is that of a block or a button.
func DesignPanel(page, panel, id string) string {
	q := url.Values{"panel": {panel}}
	if id != "" {
		q.Set("id", id)
	}
	return Design(page) + "?" + q.Encode()
}

// DesignSettings changes title, icon and audience of a page; POST.
func DesignSettings(page string) string { return Design(page) + "/settings" }

// DesignBlocks adds a block; POST.
func DesignBlocks(page string) string { return Design(page) + "/blocks" }

// DesignBlock changes the settings of a block; POST.
func DesignBlock(page, block string) string { return DesignBlocks(page) + "/" + url.PathEscape(block) }

// DesignBlockStep moves a block up or down, or deletes it; POST.
func DesignBlockStep(page, block, step string) string {
	return DesignBlock(page, block) + "/" + url.PathEscape(step)
}

// DesignActions adds a button to the block in the value block; POST.
func DesignActions(page string) string { return Design(page) + "/actions" }

// DesignAction changes the settings of a button; POST.
func DesignAction(page, action string) string {
	return DesignActions(page) + "/" + url.PathEscape(action)
}

// DesignActionStep moves a button up or down, or deletes it; POST.
func DesignActionStep(page, action, step string) string {
	return DesignAction(page, action) + "/" + url.PathEscape(step)
}

// DesignBindings says which workflows a button starts; POST.
func DesignBindings(page, action string) string {
	return Design(page) + "/bindings/" + url.PathEscape(action)
}

// DesignStep is undo, redo, discard, publish, duplicate or delete; POST.
func DesignStep(page, step string) string { return Page(page) + "/draft/" + url.PathEscape(step) }
