package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"formrail/models"
	"formrail/models/field"
)

// templateForm is a whole value that stands for a variable.
func templateName(v any) (string, bool) {
	s, ok := v.(string)
	if !ok || !strings.HasPrefix(s, "{{") || !strings.HasSuffix(s, "}}") {
		return "", false
	}
	name := strings.TrimSpace(s[2 : len(s)-2])
	return name, !strings.ContainsAny(name, "{}")
}

// resolve gives the value of a template in a stored filter; other values pass
// unchanged. known is false for what does not exist, such as the user of a request
// without one: it equals nothing.
func (p *parser) resolve(v any) (out any, known bool) {
	if list, ok := v.([]any); ok {
		all := make([]any, 0, len(list))
		for _, one := range list {
			if one, known := p.resolve(one); known {
				all = append(all, one)
			}
		}
		return all, true
	}
	name, ok := templateName(v)
	if !ok {
		return v, true
	}
	switch name {
	case "user.id":
		id := p.access.Principal.UserID
		return id, id != 0
	case "system.now":
		return p.now, true
	case "system.today":
		return field.DateOf(p.now, p.zone), true
	}
	return nil, false
}

// simpleTemplate finds the templates that defaults may hold.
func simpleTemplate() *regexp.Regexp {
	return regexp.MustCompile(`\{\{\s*(user\.id|user\.nickname|system\.now|system\.today)\s*\}\}`)
}

// defaultValue gives the value of a field's default for one write.
func (w *write) defaultValue(ctx context.Context, f *models.CollectionField) (any, error) {
	if name, ok := templateName(f.Default); ok {
		return w.variable(ctx, name)
	}
	s, ok := f.Default.(string)
	if !ok || !strings.Contains(s, "{{") {
		return f.Default, nil
	}
	var failed error
	out := simpleTemplate().ReplaceAllStringFunc(s, func(found string) string {
		name, _ := templateName(found)
		v, err := w.variable(ctx, name)
		failed = errors.Join(failed, err)
		switch v := v.(type) {
		case nil:
			return ""
		case int64:
			return fmt.Sprint(v)
		case string:
			return v
		}
		b, err := field.MarshalJSON(v)
		failed = errors.Join(failed, err)
		return strings.Trim(string(b), `"`)
	})
	return out, failed
}

// variable gives one of the variables that defaults may name; nil when it has no value.
func (w *write) variable(ctx context.Context, name string) (any, error) {
	switch name {
	case "user.id":
		if w.actor() == 0 {
			return nil, nil
		}
		return w.actor(), nil
	case "user.nickname":
		var nickname string
		err := w.from.QueryRow(ctx, "SELECT nickname FROM users WHERE id = ?", w.actor()).Scan(&nickname)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		return nickname, err
	case "system.now":
		return w.now, nil
	case "system.today":
		return field.DateOf(w.now, w.zone), nil
	}
	return nil, nil
}
