package records

import (
	"fmt"
	"strings"

	"formrail/models"
)

// quote puts one identifier into SQL. Identifiers come from the catalogue, whose
// names are letters, digits and underscores; anything else is a defect.
//
// Security: this is the only place where a name becomes SQL text.
func quote(name string) string {
	if name == "" || len(name) > 63 {
		panic(fmt.Sprintf("identifier %q", name))
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			panic(fmt.Sprintf("identifier %q", name))
		}
	}
	return `"` + name + `"`
}

// column is a quoted column of a table alias.
func column(alias string, f *models.CollectionField) string { return alias + "." + quote(f.Column) }

// sqlText is a piece of SQL together with the values bound in it. Texts are made
// of constants of this package and quoted identifiers only.
type sqlText struct {
	sql  string
	args []any
}

// Constants of conditions that hold always and never, on both databases.
const (
	always = "1=1"
	never  = "1=0"
)

func yes() sqlText { return sqlText{sql: always} }
func no() sqlText  { return sqlText{sql: never} }

func raw(sql string, args ...any) sqlText { return sqlText{sql, args} }

// allOf holds when all conditions hold.
func allOf(list ...sqlText) sqlText { return join(list, " AND ", always, never) }

// anyOf holds when some condition holds; without conditions it never does.
func anyOf(list ...sqlText) sqlText { return join(list, " OR ", never, always) }

// join connects conditions. neutral ones are left out, a deciding one decides.
func join(list []sqlText, word, neutral, deciding string) sqlText {
	var parts []string
	var args []any
	for _, c := range list {
		switch c.sql {
		case neutral:
			continue
		case deciding:
			return sqlText{sql: deciding}
		}
		parts, args = append(parts, c.sql), append(args, c.args...)
	}
	switch len(parts) {
	case 0:
		return sqlText{sql: neutral}
	case 1:
		return sqlText{parts[0], args}
	}
	return sqlText{"(" + strings.Join(parts, word) + ")", args}
}

// placeholders is "?, ?, ?".
func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// notTrue negates a condition; what is unknown counts as false.
func (c sqlText) notTrue() sqlText {
	switch c.sql {
	case always:
		return no()
	case never:
		return yes()
	}
	return sqlText{"(" + c.sql + ") IS NOT TRUE", c.args}
}
