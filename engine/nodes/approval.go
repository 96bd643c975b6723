package nodes

import (
	"context"
	"fmt"
	"maps"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type approvalConfig struct {
	Assignees   any             `json:"assignees"`
	Rule        string          `json:"rule"`
	FirstAnswer bool            `json:"firstAnswer"`
	HearAll     bool            `json:"hearAll"`
	Mode        string          `json:"mode"`
	EndRejected bool            `json:"endRejected"`
	Actions     approvalActions `json:"actions"`
	Applicant   string          `json:"applicant"`
	OnNobody    string          `json:"onNobody"`
	Fallback    any             `json:"fallback"`
	Title       string          `json:"title"`
	Subject     any             `json:"subject"`
	Requester   any             `json:"requester"`
}

// approvalActions are the decisions people may take.
type approvalActions struct {
	Approve approvalAction `json:"approve"`
	Reject  approvalAction `json:"reject"`
}

type approvalAction struct {
	Comment string `json:"comment"` // off, optional, required; empty = optional
}

// approval asks people to approve or reject, and waits for their decision.
var approval = node.Define(node.Spec[approvalConfig]{
	Key: "approval", Group: node.People, Icon: "user-check", Title: "Approval",
	Summary:  "Ask people to approve or reject",
	Synonyms: []string{"approve", "decide", "sign", "review", "task"}, Asks: "mode",
	Help: "Each person gets a task. *Any one* is approved with the first yes and rejected when all said no. " +
		"*Everyone* is approved when all said yes and rejected with the first no.\n\n" +
		"*Continue only if approved* ends the workflow as rejected on a no. *Separate branches* has a branch for each decision.",
	Config:   approvalForm(),
	Effect:   node.Local,
	Waits:    true,
	Check:    checkApproval,
	Outputs:  func(approvalConfig, node.Catalog) field.Shape { return decisionShape() },
	Branches: approvalBranches,
	Line:     func(c approvalConfig, _ node.Catalog) string { return peopleLine(c.Assignees) },
	Run:      runApproval,
	Resume:   resumeApproval,
	Examples: []node.Example[approvalConfig]{
		{
			Title:  "The applicant's manager decides",
			Config: map[string]any{"assignees": map[string]any{"managers": map[string]any{"of": "applicant"}}},
			Want:   node.Want{Waits: true},
		},
		{
			Title:  "Nobody is found and the rule approves",
			Config: map[string]any{"assignees": map[string]any{"roles": []any{"finance_lead"}}, "onNobody": "approve", "mode": "branches"},
			Want:   node.Want{Branch: "approved"},
		},
		{
			Title:  "Nobody is found and the rule rejects",
			Config: map[string]any{"assignees": map[string]any{"roles": []any{"finance_lead"}}, "onNobody": "reject"},
			Want:   node.Want{Ends: node.Rejected},
		},
		{
			Title: "Nobody is found and the step fails",
			Config: map[string]any{
				"assignees": map[string]any{"expression": "{{ trigger.data.reviewer }}"},
				"onNobody":  "fail",
			},
			Vars: map[string]any{"trigger": map[string]any{"data": map[string]any{}}},
			Want: node.Want{Code: "NOBODY_FOUND"},
		},
	},
})

func approvalForm() []field.Field {
	return []field.Field{
		{Name: "assignees", Kind: field.People, Label: "Who decides", Required: true, Help: "People, roles, or a variable that holds a person."},
		{Name: "rule", Kind: field.Select, Label: "How many must approve", Default: "any", Options: field.Choices("any", "Any one", "all", "Everyone")},
		{Name: "firstAnswer", Kind: field.Boolean, Label: "The first answer decides", Default: false, When: only("rule", "any")},
		{Name: "hearAll", Kind: field.Boolean, Label: "Hear everyone before a no counts", Default: false, When: only("rule", "all")},
		{
			Name: "mode", Kind: field.Select, Label: "After the decision", Default: "pass_through",
			Options: field.Explained(
				"pass_through", "Continue only if approved", "When rejected, the workflow ends here",
				"branches", "Separate branches", "A path for each decision"),
		},
		{Name: "endRejected", Kind: field.Boolean, Label: "The Rejected branch ends the workflow", Default: true, When: only("mode", "branches")},
		{
			Name: "actions", Kind: field.Group, Label: "Comments",
			Items: []field.Field{commentOf("approve", "When approving"), commentOf("reject", "When rejecting")},
		},
		{
			Name: "applicant", Kind: field.Select, Label: "When the applicant would decide", Default: "skip",
			Options: field.Choices("skip", "Leave them out", "manager", "Ask their manager", "allow", "Let them decide"),
		},
		{
			Name: "onNobody", Kind: field.Select, Label: "When nobody is found", Default: "owner",
			Options: field.Choices("owner", "Ask the owner of the workflow", "fallback", "Ask other people", "approve", "Approve", "reject", "Reject", "fail", "Fail the step"),
		},
		{Name: "fallback", Kind: field.People, Label: "Other people", Required: true, When: only("onNobody", "fallback")},
		{Name: "title", Kind: field.Template, Label: "Title of the task", Help: "Without it the title of the record."},
		{Name: "subject", Kind: field.Value, Label: "What is decided on", Help: "Without it what started the workflow."},
		{Name: "requester", Kind: field.Value, Label: "Applicant", Help: "Without it the person who started the workflow."},
	}
}

// commentOf asks whether a decision comes with a comment.
func commentOf(action, label string) field.Field {
	return field.Field{Name: action, Kind: field.Group, Label: label, Items: []field.Field{{
		Name: "comment", Kind: field.Select, Label: label, Default: "optional",
		Options: field.Choices("off", "Not asked", "optional", "Optional", "required", "Required"),
	}}}
}

func checkApproval(c approvalConfig, _ node.Catalog) field.Problems {
	p := checkPeople("assignees", c.Assignees)
	switch c.OnNobody {
	case "fallback":
		p = append(p, checkPeople("fallback", c.Fallback)...)
	case "approve":
		p.Warn("onNobody", "APPROVED_BY_NOBODY", text.M("node.nobody_approves", "When nobody is found, it is approved without anybody having looked at it."))
	}
	if c.Applicant == "allow" {
		p.Warn("applicant", "DECIDES_OWN", text.M("node.decides_own", "The applicant may approve what they asked for themselves."))
	}
	return p
}

func approvalBranches(c approvalConfig) []node.Branch {
	if c.Mode != "branches" {
		return nil
	}
	return []node.Branch{{Key: "approved", Title: "Approved"}, {Key: "rejected", Title: "Rejected", Ends: c.EndRejected}}
}

func runApproval(ctx context.Context, call node.Call, c approvalConfig) (node.Result, error) {
	opened, err := call.Tasks.Approval(ctx, node.Approval{
		Assignees: c.Assignees, Rule: c.Rule, FirstAnswer: c.FirstAnswer, HearAll: c.HearAll, Title: c.Title,
		Comment:   map[string]string{"approve": c.Actions.Approve.need(), "reject": c.Actions.Reject.need()},
		Applicant: c.Applicant, OnNobody: c.OnNobody, Fallback: c.Fallback, Subject: c.Subject, Requester: c.Requester,
	})
	if err != nil {
		return node.Result{}, err
	}
	if opened.Decided == "" {
		if opened.Tasks == 0 {
			return node.Result{}, fmt.Errorf("open approval of step %s: nobody was asked and nothing was decided", call.Node.Key)
		}
		return node.Wait(time.Time{}, map[string]any{"tasks": int64(opened.Tasks)}), nil
	}
	result := map[string]any{}
	maps.Copy(result, opened.Result)
	result["decision"] = opened.Decided
	return decided(c, result)
}

func (a approvalAction) need() string {
	if a.Comment == "" {
		return "optional"
	}
	return a.Comment
}

func resumeApproval(_ context.Context, _ node.Call, c approvalConfig, signal node.Signal) (node.Result, error) {
	result, ok := signal.Data.(map[string]any)
	if signal.Reason != "task" || !ok {
		return node.Result{}, fmt.Errorf("resume approval: %s brought no decision", signal.Reason)
	}
	return decided(c, result)
}

// decided goes on as the decision says.
func decided(c approvalConfig, result map[string]any) (node.Result, error) {
	decision, _ := result["decision"].(string)
	switch {
	case decision != "approved" && decision != "rejected":
		return node.Result{}, fmt.Errorf("resume approval: unknown decision %q", decision)
	case c.Mode == "branches":
		return node.To(decision, result), nil
	case decision == "rejected":
		return node.Reject(result), nil
	}
	return node.Done(result), nil
}

// decisionShape is the shape of a decision: what later steps may read.
func decisionShape() field.Shape {
	prop := func(name string, kind field.Kind, label string) field.Named {
		return field.Named{Name: name, Shape: field.Shape{Kind: kind, Label: label}}
	}
	open := func(name, label string, list bool) field.Named {
		return field.Named{Name: name, Shape: field.Shape{Label: label, List: list, Open: true}}
	}
	person := field.Named{Name: "by", Shape: field.Object("Decided by", prop("id", field.Integer, "Number"), prop("name", field.Text, "Name"))}
	seats := field.Object("Seats", prop("total", field.Integer, "All"), prop("approved", field.Integer, "Approved"),
		prop("rejected", field.Integer, "Rejected"), prop("open", field.Integer, "Open"), prop("threshold", field.Text, "Threshold"))
	one := field.Object("Decisions", prop("task", field.Text, "Task"), open("user", "Person", false), open("onBehalfOf", "On behalf of", false),
		prop("decision", field.Text, "Decision"), prop("comment", field.Text, "Comment"), prop("source", field.Text, "Source"),
		prop("byRule", field.Text, "Rule"), prop("seat", field.Integer, "Seat"), prop("decidedAt", field.DateTime, "Decided at"))
	one.List, one.Open = true, true
	return field.Object("Decision",
		prop("decision", field.Text, "Decision"), person, prop("comment", field.Text, "Comment"), prop("decidedAt", field.DateTime, "Decided at"),
		prop("node", field.Text, "Step"), prop("title", field.Text, "Title"), prop("pass", field.Integer, "Pass"), prop("rule", field.Text, "Rule"),
		field.Named{Name: "seats", Shape: seats}, open("data", "Data", false), open("changes", "Changes", true),
		field.Named{Name: "decisions", Shape: one}, prop("returnTo", field.Text, "Returned to"),
		prop("overdue", field.Boolean, "Overdue"), prop("round", field.Integer, "Round"))
}
