package models

import (
	"slices"
	"strings"

	"formrail/models/text"
)

// Names of the roles that every installation has.
const (
	RoleRoot   = "root"   // owner: everything
	RoleAdmin  = "admin"  // all system rights but those of the instance, all records but purging them
	RoleMember = "member" // everybody has it
)

// Roles that a new installation gets, to be changed as one likes.
const (
	roleDesigner = "designer"
	roleApprover = "approver"
	roleAuditor  = "auditor"
)

// SystemRight is one thing that can be allowed beside records.
type SystemRight struct {
	Key   string
	Title text.Message
	Roles []string // seeded roles that have it, beside root
}

// SystemRights lists all system rights in the order in which they are shown. A
// right that is missing here cannot be given.
func SystemRights() []SystemRight { return append(designRights(), administrationRights()...) }

func designRights() []SystemRight {
	both, admin := []string{RoleAdmin, roleDesigner}, []string{RoleAdmin}
	return []SystemRight{
		{"collection.design", text.M("right.collection.design", "Design collections"), both},
		{"page.design", text.M("right.page.design", "Design pages, blocks and bindings"), both},
		{"menu.design", text.M("right.menu.design", "Arrange the menu"), both},
		{"workflow.view", text.M("right.workflow.view", "See workflows and their versions"), both},
		{"workflow.edit", text.M("right.workflow.edit", "Edit drafts of workflows"), both},
		{"workflow.publish", text.M("right.workflow.publish", "Publish, enable, disable and restore workflows"), both},
		{"workflow.run", text.M("right.workflow.run", "Run workflows by hand"), both},
		{"workflow.test", text.M("right.workflow.test", "Test workflows"), both},
		{"node.script", text.M("right.node.script", "Place script nodes"), admin},
		{"node.http", text.M("right.node.http", "Place HTTP request nodes"), admin},
		{"node.mail", text.M("right.node.mail", "Place mail nodes"), admin},
		{"node.llm", text.M("right.node.llm", "Place AI nodes"), admin},
		{"node.sql", text.M("right.node.sql", "Place SQL nodes"), admin},
		{"node.elevate", text.M("right.node.elevate", "Approve nodes that do more than those who start them"), admin},
		{"execution.view", text.M("right.execution.view", "See executions, without their data"), both},
		{"execution.payload", text.M("right.execution.payload", "See inputs, outputs and logs of executions"), nil},
		{"execution.operate", text.M("right.execution.operate", "Cancel, retry and repair executions"), both},
		{"execution.remove", text.M("right.execution.remove", "Remove history of executions"), admin},
		{"template.install", text.M("right.template.install", "Install app templates"), admin},
		{"definition.export", text.M("right.definition.export", "Export workflow files"), both},
		{"definition.import", text.M("right.definition.import", "Import workflow files"), admin},
	}
}

func administrationRights() []SystemRight {
	both, admin := []string{RoleAdmin, roleDesigner}, []string{RoleAdmin}
	audit := []string{RoleAdmin, roleAuditor}
	tasks := []string{RoleAdmin, RoleMember, roleDesigner, roleApprover}
	return []SystemRight{
		{"credential.manage", text.M("right.credential.manage", "Create and change credentials"), admin},
		{"credential.use", text.M("right.credential.use", "Choose credentials in nodes"), admin},
		{"connector.manage", text.M("right.connector.manage", "Manage connectors"), admin},
		{"webhook.manage", text.M("right.webhook.manage", "Manage webhooks"), admin},
		{"form.publish", text.M("right.form.publish", "Publish public forms"), admin},
		{"event.read", text.M("right.event.read", "Read the event feed"), admin},
		{"user.manage", text.M("right.user.manage", "Manage people"), admin},
		{"user.invite", text.M("right.user.invite", "Invite people"), admin},
		{"user.assign_roles", text.M("right.user.assign_roles", "Give people roles"), admin},
		{"group.manage", text.M("right.group.manage", "Manage groups"), admin},
		{"role.manage", text.M("right.role.manage", "Manage roles and their grants"), admin},
		{"token.own", text.M("right.token.own", "Make API tokens for oneself"), both},
		{"token.manage", text.M("right.token.manage", "Manage API tokens of all people"), admin},
		{"session.manage", text.M("right.session.manage", "End sessions of other people"), admin},
		{"task.hold", text.M("right.task.hold", "Be asked and decide own tasks"), tasks},
		{"task.see_all", text.M("right.task.see_all", "See tasks of all people"), admin},
		{"task.override", text.M("right.task.override", "Reassign tasks and decide for others"), admin},
		{"record.backdate", text.M("right.record.backdate", "Import records with their former dates"), admin},
		{"record.skip_workflows", text.M("right.record.skip_workflows", "Import records without starting workflows"), admin},
		{"audit.read", text.M("right.audit.read", "Read the audit log"), audit},
		{"audit.export", text.M("right.audit.export", "Export the audit log"), audit},
		{"settings.*", text.M("right.settings", "Change settings"), admin},
		{"backup.create", text.M("right.backup.create", "Make backups"), admin},
		{"backup.download", text.M("right.backup.download", "Download backups"), nil},
		{"instance.security", text.M("right.instance.security", "Change switches of the instance and sign-in methods"), nil},
		{"instance.restore", text.M("right.instance.restore", "Restore backups"), nil},
		{"instance.keys", text.M("right.instance.keys", "Change the keys of the instance"), nil},
	}
}

// rightsOfRole lists the system rights that a seeded role has.
func rightsOfRole(role string) []string {
	out := []string{}
	for _, r := range SystemRights() {
		if slices.Contains(r.Roles, role) {
			out = append(out, r.Key)
		}
	}
	return out
}

// expandRight lists the rights that a right or a family such as "workflow.*"
// stands for; none when there is no such right.
func expandRight(right string) []string {
	family, isFamily := strings.CutSuffix(right, "*")
	isFamily = isFamily && strings.HasSuffix(family, ".")
	var out []string
	for _, r := range SystemRights() {
		if r.Key == right || (isFamily && strings.HasPrefix(r.Key, family)) {
			out = append(out, r.Key)
		}
	}
	return out
}

// CoversRights reports whether every layer of a holds all of r. Nobody may give
// what he does not hold.
func (a Access) CoversRights(r Rights) bool {
	for _, layer := range a.Layers {
		if !layer.covers(r) {
			return false
		}
	}
	return len(a.Layers) > 0
}

// CoversRole is [Access.CoversRights] for the rights of a role.
func (a Access) CoversRole(role Role) bool { return a.CoversRights(role.Effective()) }

// CoversGrant is [Access.CoversRights] for one grant.
func (a Access) CoversGrant(g Grant) bool { return a.CoversRights(Rights{Grants: []Grant{g}}) }

func (r Rights) covers(other Rights) bool {
	if r.Owner {
		return true
	}
	if other.Owner {
		return false
	}
	for _, right := range other.System {
		for _, key := range expandRight(right) {
			if !r.Can(key) {
				return false
			}
		}
		if len(expandRight(right)) == 0 && !r.Can(right) {
			return false
		}
	}
	return !slices.ContainsFunc(other.Grants, func(g Grant) bool { return !r.coversGrant(g) })
}

// coversGrant reports whether r holds all that g gives: the action on the same
// collection, at least in the same scope, with all of its fields. Fields may come
// from several grants, as long as each of them holds for all records of g.
func (r Rights) coversGrant(g Grant) bool {
	var wide []Grant
	for _, have := range r.Grants {
		if have.Covers(g.Collection, g.Action) && have.widerThan(g) {
			wide = append(wide, have)
		}
	}
	if len(wide) == 0 || g.Fields == nil {
		return slices.ContainsFunc(wide, func(have Grant) bool { return have.Fields == nil })
	}
	for _, name := range g.Fields {
		if !slices.ContainsFunc(wide, func(have Grant) bool { return have.HasField(name) }) {
			return false
		}
	}
	return true
}

// widerThan reports whether the grant holds for all records that other holds for.
func (g Grant) widerThan(other Grant) bool {
	switch g.Scope {
	case ScopeAll:
		return true
	case ScopeOwn:
		return other.Scope == ScopeOwn && g.ScopeField == other.ScopeField
	default:
		return false
	}
}

// union adds up rights.
func union(all []Rights) Rights {
	var out Rights
	for _, r := range all {
		out.Owner = out.Owner || r.Owner
		out.System = append(out.System, r.System...)
		out.Grants = append(out.Grants, r.Grants...)
	}
	slices.Sort(out.System)
	out.System = slices.Compact(out.System)
	return out
}
