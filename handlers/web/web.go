// Package web answers browsers: pages and the forms on them. Each handler reads what
// was sent, asks models and engine as the person who is signed in, and draws a view
// from what they say. What somebody may not see is neither drawn nor answered.
package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"formrail/engine/node"
	"formrail/engine/trigger"
	"formrail/handlers/route"
	"formrail/static"
)

// Declared are the node and trigger types that pages describe definitions with.
type Declared struct {
	Nodes    []*node.Type
	Triggers []*trigger.Type
}

// site is what all pages share. It is safe for concurrent use.
type site struct {
	route.Deps
	types  types
	sprite string // the icons there are
}

// New makes the pages.
func New(deps route.Deps, declared Declared) route.Pages {
	s := &site{Deps: deps, types: newTypes(declared.Nodes, declared.Triggers)}
	if sprite, err := static.FS.ReadFile("vendor/icons.svg"); err == nil { // without it pages have their usual icon
		s.sprite = string(sprite)
	}
	return route.Pages{Routes: s.routes(), Problem: s.problem}
}

// Limits of bodies in bytes.
const (
	formBody  = 1 << 20
	smallBody = 16 << 10
)

func (s *site) routes() []route.Route {
	return slices.Concat(s.access(), s.home(), s.tasks(), s.pages(), s.design(), s.executions(), s.workflows(), s.collections(), s.profile(), s.people(), s.instance(), s.health(), s.reference())
}

// page is a line for a page of somebody who is signed in.
func page(pattern string, may route.Permission, handler fiber.Handler) route.Route {
	return route.Route{
		Method: route.GET, Pattern: pattern, Auth: route.Session, Permission: may, Scope: route.NoScope, CSRF: route.NoCSRF,
		Rate: route.Read, Body: route.NoBody, Handler: handler,
	}
}

// change is a line for a form of somebody who is signed in.
func change(pattern string, may route.Permission, handler fiber.Handler) route.Route {
	return route.Route{
		Method: route.POST, Pattern: pattern, Auth: route.Session, Permission: may, Scope: route.NoScope, CSRF: route.Required,
		Rate: route.Write, Body: formBody, Handler: handler,
	}
}

// entrance is a line for a page before signing in, and for its form.
func entrance(pattern string, show, take fiber.Handler) []route.Route {
	line := route.Route{
		Method: route.GET, Pattern: pattern, Auth: route.Anyone, Permission: route.Open(), Scope: route.NoScope, CSRF: route.NoCSRF,
		Rate: route.Public, Body: route.NoBody, Handler: show,
	}
	post := line
	post.Method, post.CSRF, post.Rate, post.Body, post.Handler = route.POST, route.FormToken, route.SignIn, smallBody, take
	return []route.Route{line, post}
}

func (s *site) access() []route.Route {
	setup := entrance("/setup", s.showSetup, s.setUp)
	for i := range setup {
		setup[i].BeforeSetup = true
	}
	return slices.Concat(entrance("/sign-in", s.showSignIn, s.signIn), entrance("/demo-sign-in", s.showDemo, s.demo), entrance("/invitation", s.showInvitation, s.acceptInvitation), setup, []route.Route{
		change("/sign-out", route.Own("his session"), s.signOut),
	})
}

func (s *site) home() []route.Route {
	return []route.Route{
		page("/", route.Own("what waits for him"), s.showHome),
		page("/jump", route.Own("what he may see"), s.jump),
		change("/messages/read", route.Own("what he was told"), s.readMessages),
	}
}

func (s *site) tasks() []route.Route {
	own := route.Own("tasks he takes part in")
	return []route.Route{
		page("/tasks", own, s.listTodo),
		page("/tasks/done", own, s.listDone),
		page("/tasks/started", own, s.listStarted),
		page("/tasks/{id}", own, s.showTask),
		change("/tasks/{id}/approve", own, s.approve),
		change("/tasks/{id}/reject", own, s.reject),
		change("/tasks/{id}/resolve", own, s.resolve),
	}
}

func (s *site) pages() []route.Route {
	seen := route.Own("pages his roles see, records he has grants for")
	return []route.Route{
		page("/pages/{page}", seen, s.showPage),
		page("/pages/{page}/forms/{block}", seen, s.showForm),
		page("/pages/{page}/forms/{block}/{record}", seen, s.showForm),
		page("/pages/{page}/records/{block}/{record}", seen, s.showRecord),
		page("/pages/{page}/submitted/{block}/{record}", seen, s.showSubmitted),
		change("/pages/{page}/actions/{action}", seen, s.press),
	}
}

func (s *site) executions() []route.Route {
	own := route.Own("executions he started, all with execution.view")
	operate := route.Right("execution.operate")
	return []route.Route{
		page("/executions", own, s.listExecutions),
		page("/executions/{id}", own, s.showExecution),
		page("/executions/{id}/values/{step}/{of}", own, s.sendValue),
		page("/new-operation", operate, s.askOperation),
		page("/operations", operate, s.listOperations),
		change("/operations", operate, s.startOperation),
		page("/operations/{id}", route.Own("operations he started, those of others with the same right"), s.showOperation),
		change("/operations/{id}/change", route.Own("operations he started, those of others with the same right"), s.changeOperation),
		change("/executions/{id}/cancel", operate, s.cancelExecution),
		change("/executions/{id}/skip-wait", operate, s.skipWait),
		change("/executions/{id}/rerun", operate, s.rerunExecution),
		change("/executions/{id}/retry", operate, s.retryExecution),
	}
}

func (s *site) workflows() []route.Route {
	view, edit, publish := route.Right("workflow.view"), route.Right("workflow.edit"), route.Right("workflow.publish")
	return []route.Route{
		page("/workflows", view, s.listWorkflows),
		page("/workflow-changes", view, s.askChange),
		change("/workflow-changes", view, s.makeChange),
		change("/workflow-bin/{id}/restore", publish, s.restoreWorkflow),
		page("/workflow-categories", edit, s.showCategories),
		change("/workflow-categories", edit, s.saveCategory),
		change("/workflow-categories/{id}", edit, s.saveCategory),
		change("/workflow-categories/{id}/move", edit, s.moveCategory),
		change("/workflow-categories/{id}/delete", edit, s.deleteCategory),
		page("/new-workflow", edit, s.askWorkflow),
		change("/new-workflow", edit, s.createWorkflow),
		page("/workflows/{key}", view, s.showWorkflow),
		change("/workflows/{key}/duplicate", edit, s.duplicateWorkflow),
		change("/workflows/{key}/reset-count", publish, s.resetCount),
		page("/workflows/{key}/requests", route.Right("execution.view"), s.showRequests),
		change("/workflows/{key}/requests/{id}/again", route.Right("workflow.run"), s.sendAgain),
		change("/workflows/{key}/address", publish, s.renewAddress),
		page("/workflows/{key}/versions", view, s.showVersions),
		page("/workflows/{key}/versions/{number}", view, s.showVersion),
		page("/workflows/{key}/variables", view, s.showVariables),
		change("/workflows/{key}/evaluate", view, s.evaluate),
		page("/workflows/{key}/publish", publish, s.askPublish),
		page("/workflows/{key}/people", view, s.showEditors),
		change("/workflows/{key}/lock", edit, s.changeEditor),
		change("/workflows/{key}/commands", edit, s.changeWorkflow),
		change("/workflows/{key}/steps/{step}", edit, s.changeStep),
		page("/workflows/{key}/steps/{step}/fragment", view, s.showFragment),
		change("/workflows/{key}/paste", edit, s.askPlace),
		change("/workflows/{key}/title", edit, s.renameWorkflow),
		page("/workflows/{key}/edits", view, s.showEdits),
		change("/workflows/{key}/edits", edit, s.undoEdits),
		change("/workflows/{key}/undo", edit, s.undoEdit),
		change("/workflows/{key}/redo", edit, s.redoEdit),
		change("/workflows/{key}/discard", edit, s.discardDraft),
		change("/workflows/{key}/versions/{number}/restore", edit, s.restoreVersion),
		change("/workflows/{key}/enable", publish, s.enableWorkflow),
		page("/workflows/{key}/settings", edit, s.askSettings),
		change("/workflows/{key}/settings", edit, s.changeSettings),
		change("/workflows/{key}/pause", publish, s.pauseWorkflow),
		change("/workflows/{key}/resume", publish, s.resumeWorkflow),
		page("/limits", view, s.showLimits),
		change("/limits", publish, s.changeLimits),
		change("/limits/pause", publish, s.pauseEverything),
		change("/workflows/{key}/publish", publish, s.publishWorkflow),
	}
}

func (s *site) profile() []route.Route {
	own := route.Own("his profile, sessions and tokens")
	return []route.Route{
		page("/profile", own, s.showProfile),
		change("/profile/theme", own, s.setTheme),
		change("/profile/role", own, s.switchRole),
		change("/profile/tokens", own, s.createToken),
		change("/profile/tokens/{id}/revoke", own, s.revokeToken),
		change("/profile/sessions/{id}/revoke", own, s.endSession),
	}
}
