package records

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// dayLayout is the text form of a date in a column.
const dayLayout = "2006-01-02"

// encode gives the form in which a canonical value is bound for the column of f.
func encode(f *models.CollectionField, d models.Dialect, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case field.Decimal:
		if d == models.Postgres {
			return v.String(), nil
		}
		n, ok := v.Scaled(f.Scale)
		if !ok {
			return nil, fmt.Errorf("%s does not fit %d digits", f.Name, f.Scale)
		}
		return n, nil
	case bool:
		if d == models.Postgres {
			return v, nil
		}
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case field.Date:
		return string(v), nil
	case time.Time:
		if d == models.Postgres {
			return v, nil
		}
		return field.FormatTime(v), nil
	case int64, string:
		return v, nil
	}
	return nil, fmt.Errorf("%s cannot hold %T", f.Name, v)
}

// decode gives the canonical value of what the driver read from the column of f.
func decode(f *models.CollectionField, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if b, ok := v.([]byte); ok {
		v = string(b)
	}
	switch f.Kind {
	case field.Number:
		return decodeDecimal(f, v)
	case field.Boolean:
		switch v := v.(type) {
		case bool:
			return v, nil
		case int64:
			return v != 0, nil
		}
	case field.DateOnly:
		switch v := v.(type) {
		case string:
			return field.Date(v), nil
		case time.Time:
			return field.Date(v.Format(dayLayout)), nil
		}
	case field.DateTime:
		switch v := v.(type) {
		case string:
			t, err := time.Parse(field.TimeLayout, v)
			return t, err
		case time.Time:
			return field.Instant(v), nil
		}
	default:
		switch v := v.(type) {
		case int64, string:
			return v, nil
		}
	}
	return nil, fmt.Errorf("column %s holds %T", f.Column, v)
}

func decodeDecimal(f *models.CollectionField, v any) (any, error) {
	switch v := v.(type) {
	case int64:
		return field.DecimalFromScaled(v, f.Scale), nil
	case string:
		return field.ParseDecimal(v)
	}
	return nil, fmt.Errorf("column %s holds %T", f.Column, v)
}

// idValue reads a primary key of c from its text form; ok is false when no record
// can have it.
func idValue(c *models.Collection, id string) (any, bool) {
	if c.IDType == models.UUIDID {
		u, err := uuid.Parse(id)
		return u.String(), err == nil && len(id) == 36
	}
	n, err := strconv.ParseInt(id, 10, 64)
	return n, err == nil && n > 0
}

// IDText is the text form of a primary key.
func IDText(id any) string {
	switch id := id.(type) {
	case int64:
		return strconv.FormatInt(id, 10)
	case string:
		return id
	}
	return ""
}

// linkValue reads the key of a linked record in c: a number, or for collections
// with UUIDs a text; either plain or as an object that holds nothing else.
func linkValue(c *models.Collection, f *models.CollectionField, v any, in field.ParseContext) (any, field.Problems) {
	if c.IDType != models.UUIDID {
		return f.Parse(v, in)
	}
	if m, ok := v.(map[string]any); ok && len(m) == 1 {
		v = m[models.IDField]
	}
	s, ok := v.(string)
	s = strings.TrimSpace(s)
	if v == nil || ok && s == "" {
		return nil, nil
	}
	if ok {
		if id, ok := idValue(c, strings.ToLower(s)); ok {
			return id, nil
		}
	}
	var found field.Problems
	found.Add(f.Name, "INVALID_LINK", text.M("record.link_uuid", "%s must be the id of a record.", f.Title()))
	return nil, found
}
