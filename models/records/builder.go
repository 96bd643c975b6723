package records

import (
	"fmt"
	"strconv"
	"time"

	"formrail/models"
)

// builder turns filters, rights and sort keys of one request into SQL. It cannot be
// made without saying who asks.
type builder struct {
	cat     *models.Catalog
	dialect models.Dialect
	access  models.Access
	zone    *time.Location
	now     time.Time
	views   map[*models.Collection]*rights // view rights looked up so far; nil = none
	aliases *int
	trusted bool // conditions of the product itself, such as scopes: rights are not asked
}

func newBuilder(cat *models.Catalog, db *models.DB, access models.Access, zone *time.Location) *builder {
	return &builder{
		cat: cat, dialect: db.Dialect(), access: access, zone: zoneOf(zone), now: db.Now(),
		views: map[*models.Collection]*rights{}, aliases: new(int),
	}
}

// alias gives the next table alias.
func (b *builder) alias() string {
	*b.aliases++
	return "t" + strconv.Itoa(*b.aliases)
}

// view gives the caller's view rights on a collection; nil when he has none.
func (b *builder) view(c *models.Collection) *rights {
	if r, ok := b.views[c]; ok {
		return r
	}
	r, ok := rightsOn(b.cat, b.access, c, models.View)
	if !ok {
		r = nil
	}
	b.views[c] = r
	return r
}

// mayRead refuses a field that is open to the caller in no record.
func (b *builder) mayRead(c *models.Collection, f *models.CollectionField) error {
	if r := b.view(c); !b.trusted && (r == nil || !r.open(f)) {
		return fieldNotAllowed(f.Name)
	}
	return nil
}

// readable is the condition for f to be open to the caller in a record. It refuses
// when that is never so.
func (b *builder) readable(c *models.Collection, alias string, f *models.CollectionField) (sqlText, error) {
	if b.trusted {
		return yes(), nil
	}
	if err := b.mayRead(c, f); err != nil {
		return sqlText{}, err
	}
	return b.view(c).recordsWith(b, alias, f)
}

// live is the condition for a record not to be in the trash.
func live(c *models.Collection, alias string) sqlText {
	if !c.SoftDelete {
		return yes()
	}
	return raw(alias + `."deleted_at" IS NULL`)
}

// scope is the condition of one grant's scope. Whoever is no person owns nothing.
func (b *builder) scope(c *models.Collection, g models.Grant, alias string) (sqlText, error) {
	switch g.Scope {
	case models.ScopeAll:
		return yes(), nil
	case models.ScopeOwn:
		return b.own(c, g.ScopeField, alias), nil
	case models.ScopeFilter:
		within := *b
		within.trusted = true
		n, err := within.parseStored(c, g.Filter)
		if err != nil {
			return sqlText{}, fmt.Errorf("scope of %s on %s: %w", g.Action, c.Name, err)
		}
		return within.compile(c, alias, n)
	}
	return no(), nil
}

// own holds for records created by the person who asks, or whose person field is
// that person; of people, for the person himself.
func (b *builder) own(c *models.Collection, scopeField, alias string) sqlText {
	me := b.access.Principal.UserID
	if me == 0 {
		return no()
	}
	if scopeField == "" && c.System {
		scopeField = models.IDField
	} else if scopeField == "" {
		scopeField = "createdBy"
	}
	f, ok := c.Field(scopeField)
	if !ok || !c.System && !(f.IsLink() && models.Snake(f.Target) == models.UsersCollection) {
		return no()
	}
	return raw(column(alias, f)+" = ?", me)
}
