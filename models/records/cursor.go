package records

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

func badCursor() *models.Error {
	return models.Invalid("BAD_CURSOR", text.M("record.cursor", "The cursor does not belong to this list. Start again without one."))
}

// useCursor continues a list behind or before the record a cursor names.
func (s *Service) useCursor(ctx context.Context, sel *selection, q *Query) error {
	key, err := s.signingKey(ctx)
	if err != nil {
		return err
	}
	seal, err := sel.seal(key, q)
	if err != nil {
		return err
	}
	sel.sort.seal = seal
	if q.Cursor == "" {
		return nil
	}
	values, back, ok := seal.open(q.Cursor, len(sel.sort.keys))
	if !ok {
		return badCursor()
	}
	sel.sort.reverse = back
	after := sel.sort.behind(values)
	sel.sort.after = &after
	return nil
}

// seal signs cursors of one list: its caller, collection, filter and order are part
// of the signature.
type seal struct{ key []byte }

func (sel *selection) seal(key []byte, q *Query) (*seal, error) {
	var sort []any
	for _, name := range q.Sort {
		sort = append(sort, name)
	}
	about, err := field.MarshalJSON([]any{
		sel.access.Principal.String(), sel.access.Principal.Role, sel.on.Name,
		q.Filter, q.Search, sort, string(q.Trash),
	})
	if err != nil {
		return nil, badFilter(text.M("filter.value", "A filter value cannot be read."))
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(about)
	return &seal{mac.Sum(nil)}, nil
}

// close makes a cursor at a record.
func (s *seal) close(values []any, back bool) (string, error) {
	payload, err := field.MarshalJSON(append([]any{back}, values...))
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(payload) + "." + enc.EncodeToString(s.mark(payload)), nil
}

func (s *seal) mark(payload []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(payload)
	return mac.Sum(nil)[:16]
}

// open reads a cursor that [seal.close] has made for the same list.
func (s *seal) open(cursor string, n int) (values []any, back, ok bool) {
	head, tail, ok := strings.Cut(cursor, ".")
	payload, err := base64.RawURLEncoding.DecodeString(head)
	mark, err2 := base64.RawURLEncoding.DecodeString(tail)
	if !ok || err != nil || err2 != nil || !hmac.Equal(mark, s.mark(payload)) {
		return nil, false, false
	}
	v, err := field.ParseJSON(payload)
	list, isList := v.([]any)
	if err != nil || !isList || len(list) != n+1 {
		return nil, false, false
	}
	back, ok = list[0].(bool)
	return list[1:], back, ok
}

// paginate cuts the extra record off and says where the list goes on.
func (sel *selection) paginate(page *Page, rows []row, q *Query) error {
	more := len(rows) > q.PageSize
	if more {
		rows = rows[:q.PageSize]
	}
	back := sel.sort.reverse
	if back {
		slices.Reverse(rows)
	}
	page.Records = make([]Record, len(rows))
	for i, r := range rows {
		page.Records[i] = r.record
	}
	page.HasNext = more && !back || back
	if !q.Keyset || len(rows) == 0 {
		page.HasNext = more
		return nil
	}
	var err error
	if page.HasNext {
		if page.NextCursor, err = sel.sort.seal.close(rows[len(rows)-1].keys, false); err != nil {
			return err
		}
	}
	if back && more || !back && q.Cursor != "" {
		page.PrevCursor, err = sel.sort.seal.close(rows[0].keys, true)
	}
	return err
}
