package records

import (
	"strings"

	"formrail/models"
	"formrail/models/text"
)

// conditions builds what a record must fulfil.
func (sel *selection) conditions(q *Query) error {
	scope, err := sel.rights.records(sel.builder, sel.alias)
	if err != nil {
		return err
	}
	trash, err := sel.trash(q.Trash)
	if err != nil {
		return err
	}
	parse := sel.parse
	if q.Stored {
		parse = sel.parseStored
	}
	n, err := parse(sel.on, q.Filter)
	if err != nil {
		return err
	}
	filter, err := sel.compile(sel.on, sel.alias, n)
	if err != nil {
		return err
	}
	search, err := sel.search(q.Search)
	if err != nil {
		return err
	}
	sel.where = allOf(trash, scope, filter, search)
	return nil
}

// trash is the condition about deleted records.
func (sel *selection) trash(t Trash) (sqlText, error) {
	if t == WithoutTrash || !sel.on.SoftDelete {
		if t == OnlyTrash {
			return no(), nil
		}
		return live(sel.on, sel.alias), nil
	}
	r, ok := rightsOn(sel.cat, sel.access, sel.on, models.Delete)
	if !ok {
		return sqlText{}, models.NoPermission()
	}
	may, err := r.records(sel.builder, sel.alias)
	if err != nil {
		return sqlText{}, err
	}
	deleted := allOf(raw(sel.alias+`."deleted_at" IS NOT NULL`), may)
	if t == OnlyTrash {
		return deleted, nil
	}
	return anyOf(live(sel.on, sel.alias), deleted), nil
}

// search holds when every word occurs in the title of the record.
func (sel *selection) search(words string) (sqlText, error) {
	words = strings.TrimSpace(words)
	if words == "" {
		return yes(), nil
	}
	if len([]rune(words)) < 2 || len(words) > 200 || strings.ContainsRune(words, 0) {
		return sqlText{}, badParameter(text.M("record.search", "Search for 2 to 200 characters."))
	}
	f := titleField(sel.on)
	if !sel.trusted && !sel.rights.everywhere(f) {
		return sqlText{}, fieldNotAllowed(f.Name)
	}
	var all []sqlText
	for _, word := range strings.Fields(words) {
		if isText(f) {
			all = append(all, sel.textTest(column(sel.alias, f), test{op: containsIt, values: []any{word}}))
			continue
		}
		key, ok := idValue(sel.on, word)
		if !ok {
			return no(), nil
		}
		all = append(all, raw(sel.alias+`."id" = ?`, key))
	}
	return allOf(all...), nil
}
