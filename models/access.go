package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"formrail/models/text"
)

// person is what the rights of somebody are derived from.
type person struct {
	status UserStatus
	roles  map[string]Rights // all of his roles, member among them
	all    Rights            // what they add up to
}

// rightsAs gives the rights narrowed to one role, or all for none. The system
// rights of member stay under every role. ok is false when he lacks the role.
func (p person) rightsAs(role string) (rights Rights, ok bool) {
	if role == "" {
		return p.all, true
	}
	rights, ok = p.roles[role]
	if !ok {
		return Rights{}, false
	}
	return union([]Rights{rights, {System: rightsOfRole(RoleMember)}}), true
}

// AccessOf gives the rights of a principal as they are now, and refuses people
// who are not active and roles they do not have. Scopes of a token are not
// applied: the route asks for them.
func (db *DB) AccessOf(ctx context.Context, p Principal) (Access, error) {
	switch p.Kind {
	case SystemPrincipal:
		return SystemAccess(), nil
	case AnonymousPrincipal:
		return Access{Principal: p}, nil
	case PersonPrincipal, TokenPrincipal:
	default:
		return Access{}, fmt.Errorf("rights of %s: not a person", p)
	}
	if err := db.Refresh(ctx); err != nil {
		return Access{}, err
	}
	who, err := db.person(ctx, p.UserID)
	if err != nil {
		return Access{}, err
	}
	if who.status != UserActive {
		return Access{}, userInactive()
	}
	rights, ok := who.rightsAs(p.Role)
	if !ok {
		return Access{}, roleNotAllowed()
	}
	return Access{Principal: p, Layers: []Rights{rights}, Actor: p.UserID}, nil
}

// RolesOf lists the roles of a person: his own, those of his groups, and member.
func (db *DB) RolesOf(ctx context.Context, userID int64) ([]string, error) {
	who, err := db.person(ctx, userID)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(who.roles))
	for name := range who.roles {
		out = append(out, name)
	}
	slices.Sort(out)
	return out, nil
}

// AccessOfCause gives the rights of a cause as they are now, one for each of its
// layers. People who have left or lost the role have none. versionRights gives
// the grants of a workflow's version, or of one elevated node in it.
func (db *DB) AccessOfCause(
	ctx context.Context, c Cause, versionRights func(ctx context.Context, versionID int64, node string) (Rights, error),
) ([]Rights, error) {
	if err := db.Refresh(ctx); err != nil {
		return nil, err
	}
	out := make([]Rights, 0, len(c.Layers))
	for _, l := range c.Layers {
		rights, err := db.layer(ctx, l, versionRights)
		if err != nil {
			return nil, err
		}
		out = append(out, rights)
	}
	return out, nil
}

func (db *DB) layer(
	ctx context.Context, l Layer, versionRights func(ctx context.Context, versionID int64, node string) (Rights, error),
) (Rights, error) {
	switch {
	case l.Version != 0:
		if versionRights == nil {
			return Rights{}, errors.New("rights of a version: nobody to ask")
		}
		return versionRights(ctx, l.Version, l.Node)
	case l.User == 0:
		return Rights{}, nil
	}
	who, err := db.person(ctx, l.User)
	if err != nil {
		return Rights{}, err
	}
	rights, ok := who.rightsAs(l.Role)
	if who.status != UserActive || !ok {
		return Rights{}, nil
	}
	return rights.within(l.Scopes), nil
}

// person reads what the rights of somebody are derived from. Unknown people have
// no status and nothing else.
func (db *DB) person(ctx context.Context, id int64) (person, error) {
	return cachedBy(db, rightsVersion, "person:"+strconv.FormatInt(id, 10), func() (person, error) {
		u, err := UserByID(ctx, db.Read(), id)
		if IsKind(err, KindNotFound) {
			return person{}, nil
		}
		if err != nil {
			return person{}, err
		}
		roles, err := db.Roles(ctx)
		if err != nil {
			return person{}, err
		}
		mine, err := rolesOf(ctx, db.Read(), id)
		if err != nil {
			return person{}, err
		}
		return personWith(u.Status, roles, mine), nil
	})
}

func personWith(status UserStatus, roles []Role, mine []string) person {
	p := person{status: status, roles: map[string]Rights{}}
	var all []Rights
	for _, r := range roles {
		if slices.Contains(mine, r.Name) {
			rights := r.Effective()
			p.roles[r.Name] = rights
			all = append(all, rights)
		}
	}
	p.all = union(all)
	return p
}

// rightsIn adds up the rights of a person as a transaction sees them, whether he
// is active or not.
func rightsIn(ctx context.Context, q Querier, userID int64) (Rights, error) {
	p, err := personIn(ctx, q, userID)
	return p.all, err
}

func personIn(ctx context.Context, q Querier, userID int64) (person, error) {
	u, err := UserByID(ctx, q, userID)
	if err != nil {
		return person{}, err
	}
	roles, err := rolesIn(ctx, q)
	if err != nil {
		return person{}, err
	}
	mine, err := rolesOf(ctx, q, userID)
	if err != nil {
		return person{}, err
	}
	return personWith(u.Status, roles, mine), nil
}

func roleNotAllowed() *Error {
	return Forbidden("ROLE_NOT_ALLOWED", text.M("signin.role", "You do not have this role. Choose one of your own."))
}

// within narrows rights to what token scopes allow; nil scopes allow all.
func (r Rights) within(scopes []string) Rights {
	if scopes == nil {
		return r
	}
	var out Rights
	for _, scope := range scopes {
		for _, right := range systemOfScope(scope) {
			if r.Can(right) {
				out.System = append(out.System, right)
			}
		}
		actions, collection := dataOfScope(scope)
		for _, action := range actions {
			out.Grants = append(out.Grants, r.on(collection, action)...)
		}
	}
	return out
}

// on is [Rights.On], and for all collections everything about the action.
func (r Rights) on(collection string, action Action) []Grant {
	var out []Grant
	if r.Owner {
		return []Grant{{Collection: collection, Action: action, Scope: ScopeAll}}
	}
	for _, g := range r.Grants {
		switch {
		case g.Action != action:
		case collection == AllCollections || g.Collection == collection:
			out = append(out, g)
		case g.Collection == AllCollections:
			g.Collection = collection
			out = append(out, g)
		}
	}
	return out
}

// dataOfScope says which actions on which collection a token scope is about.
func dataOfScope(scope string) (actions []Action, collection string) {
	if name, ok := strings.CutPrefix(scope, "records:read:"); ok {
		return []Action{View}, name
	}
	if name, ok := strings.CutPrefix(scope, "records:write:"); ok {
		return []Action{Create, Update, Delete, Purge, Import}, name
	}
	switch scope {
	case "records:trigger":
		return []Action{Trigger, TriggerNew}, AllCollections
	case "export":
		return []Action{Export}, AllCollections
	default:
		return nil, ""
	}
}

// systemOfScope says which system rights a token scope is about.
func systemOfScope(scope string) []string {
	switch scope {
	case "workflows:read":
		return []string{"workflow.view"}
	case "workflows:write":
		// Elevation stays with people: a token cannot approve it.
		return []string{"workflow.edit", "workflow.publish", "node.script", "node.http", "node.mail", "node.llm", "credential.use"}
	case "workflows:run":
		return []string{"workflow.run", "workflow.test"}
	case "executions:read":
		return []string{"execution.view", "execution.payload"}
	case "executions:control":
		return []string{"execution.operate"}
	case "tasks":
		return expandRight("task.*")
	case "schema":
		return []string{"collection.design", "page.design", "menu.design", "template.install"}
	case "events:read":
		return []string{"event.read"}
	default:
		return nil
	}
}
