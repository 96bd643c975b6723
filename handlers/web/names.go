package web

import (
	"context"
	"strconv"

	"formrail/models"
	"formrail/views/ui"
)

// names finds what people are called, each person once a request.
type names struct {
	db    *models.DB
	known map[int64]string
}

// of gives the name of a person; empty for nobody and for people who are unknown.
func (n *names) of(ctx context.Context, id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	if name, ok := n.known[id]; ok {
		return name, nil
	}
	u, err := models.UserByID(ctx, n.db.Read(), id)
	if err != nil && !models.IsKind(err, models.KindNotFound) {
		return "", err
	}
	n.known[id] = u.Nickname
	return u.Nickname, nil
}

// person is of as pages show people.
func (n *names) person(ctx context.Context, id int64) (ui.Person, error) {
	name, err := n.of(ctx, id)
	return ui.Person{ID: strconv.FormatInt(id, 10), Name: name}, err
}
