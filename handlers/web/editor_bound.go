package web

import (
	"context"
	"slices"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/urls"
)

// starting says beside the settings of the trigger which buttons start the workflow, and
// how a call does.
func (e *editing) starting(ctx context.Context, p *editor.Panel) error {
	listens := e.def.listens()
	if listens.Global || !bindable(e.def.Trigger.Type) {
		return nil
	}
	buttons, err := e.boundButtons(ctx, e.w.Key)
	if err != nil {
		return err
	}
	p.Bound = &editor.Bound{After: "mode", Buttons: buttons}
	if len(buttons) == 0 {
		p.Bound.None = text.T(ctx, "editor.bound_none", "No button of a published page starts it yet. Open a page in design mode, press the button there and choose Bind workflow.")
		if e.access.Can("page.design") {
			p.Bound.Pages = urls.Pages()
		}
	}
	if on, ok := e.cat.Collection(listens.Collection); ok && listens.ByAPI {
		p.Call = &editor.Call{After: "startByApi", Source: "POST /api/" + on.Name + ":create\n  ?triggerWorkflows=" + e.w.Key}
	}
	return nil
}

// bindable reports whether buttons of pages can start workflows with a type of trigger.
func bindable(trigger string) bool {
	for _, types := range models.Bindable() {
		if slices.Contains(types, trigger) {
			return true
		}
	}
	return false
}
