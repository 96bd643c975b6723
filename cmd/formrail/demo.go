package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"formrail/engine"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
)

//go:embed demo/*.json
var demoFiles embed.FS

// demoMark is the fact that says that an installation is the demo, and demoLoaded
// its value once everything is there.
const (
	demoMark   = "demo"
	demoLoaded = "loaded"
)

// demoPerson is somebody of the demo.
type demoPerson struct {
	Email   string   `json:"email"`
	Name    string   `json:"name"`
	Title   string   `json:"title"` // what he is, for the sign-in line
	Roles   []string `json:"roles"`
	Manager string   `json:"manager"` // address of somebody before him
}

// welcomeToDemo loads the demo when it is missing and prints sign-ins, which work
// once and are new at each start.
func (s *server) welcomeToDemo(ctx context.Context) error {
	if err := s.loadDemo(ctx); err != nil {
		return fmt.Errorf("load demo: %w", err)
	}
	people, err := demoPart[demoPerson]("people")
	if err != nil {
		return err
	}
	s.c.say(text.M("demo.sign_ins", "Demo sign-ins. Each link works once:"))
	for _, p := range people {
		u, err := models.UserByAccount(ctx, s.db.Read(), p.Email)
		if models.IsKind(err, models.KindNotFound) {
			continue // somebody gave the person another address
		}
		if err != nil {
			return err
		}
		var secret string
		err = s.db.Write(ctx, "demo.link", func(tx *models.Tx) error {
			secret, err = models.CreateLink(ctx, tx, models.NewLink{Kind: models.DemoLink, UserID: u.ID, Life: 24 * time.Hour})
			return err
		})
		if err != nil {
			return err
		}
		s.c.say(text.M("demo.sign_in", "  %-9s %s/demo-sign-in?token=%s", p.Title, s.address, secret))
	}
	return nil
}

// loadDemo fills an empty installation. A load that was interrupted goes on where
// it stopped; each step looks whether it was done.
func (s *server) loadDemo(ctx context.Context) error {
	mark, err := s.db.Meta(ctx, demoMark)
	if err != nil || mark == demoLoaded {
		return err
	}
	if mark == "" {
		if err := s.refuseData(ctx); err != nil {
			return err
		}
		if err := s.markDemo(ctx, "loading"); err != nil {
			return err
		}
	}
	designer, err := s.demoPeople(ctx)
	if err != nil {
		return err
	}
	by, err := s.db.AccessOf(ctx, models.Person(designer.ID, ""))
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, models.Access) error{
		s.demoCollections, s.demoGrants, s.demoWorkflows, s.demoPages, s.demoRecords,
	} {
		if err := step(ctx, by); err != nil {
			return err
		}
	}
	return nil
}

// refuseData refuses to mix the demo with what people have made.
func (s *server) refuseData(ctx context.Context) error {
	people, err := models.Users(ctx, s.db.Read(), models.UserQuery{Limit: 1})
	if err != nil {
		return err
	}
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return err
	}
	made := slices.ContainsFunc(cat.Collections(), func(c *models.Collection) bool { return !c.System })
	if len(people) == 0 && !made {
		return nil
	}
	return models.Conflict("DATA_EXISTS", text.M("demo.data_exists",
		"The demo only goes into an empty installation. Name another folder with --data, or start without --demo."))
}

func (s *server) markDemo(ctx context.Context, state string) error {
	return s.db.Write(ctx, "demo.mark", func(tx *models.Tx) error { return tx.SetMeta(ctx, demoMark, state) })
}

// demoPart reads one of the embedded files.
func demoPart[T any](name string) ([]T, error) {
	data, err := demoFiles.ReadFile("demo/" + name + ".json")
	if err != nil {
		return nil, err
	}
	var out []T
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return out, nil
}

// demoTrees is demoPart with canonical values, whose numbers are exact.
func demoTrees(name string) ([]map[string]any, error) {
	raw, err := demoPart[json.RawMessage](name)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]any, len(raw))
	for i, one := range raw {
		v, err := field.ParseJSON(one)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("read %s: entry %d is no object", name, i)
		}
		out[i] = m
	}
	return out, nil
}

// demoPeople makes the people in one transaction and gives the designer, who comes
// first in the file.
func (s *server) demoPeople(ctx context.Context) (models.User, error) {
	people, err := demoPart[demoPerson]("people")
	if err != nil {
		return models.User{}, err
	}
	err = s.db.Write(ctx, "demo.people", func(tx *models.Tx) error {
		for _, p := range people {
			if err := p.ensure(ctx, tx); err != nil {
				return fmt.Errorf("create %s: %w", p.Email, err)
			}
		}
		return nil
	})
	if err != nil {
		return models.User{}, err
	}
	return models.UserByAccount(ctx, s.db.Read(), people[0].Email)
}

// ensure creates a person who can come in without a password, by a link alone.
func (p demoPerson) ensure(ctx context.Context, tx *models.Tx) error {
	if _, err := models.UserByAccount(ctx, tx, p.Email); !models.IsKind(err, models.KindNotFound) {
		return err
	}
	in := models.NewUser{Email: p.Email, Nickname: p.Name, Roles: p.Roles}
	if p.Manager != "" {
		manager, err := models.UserByAccount(ctx, tx, p.Manager)
		if err != nil {
			return err
		}
		in.ManagerID = manager.ID
	}
	u, err := models.CreateUser(ctx, tx, models.SystemAccess(), in)
	if err != nil {
		return err
	}
	return models.ActivateUser(ctx, tx, models.SystemAccess(), u.ID)
}

func (s *server) demoCollections(ctx context.Context, by models.Access) error {
	trees, err := demoTrees("collections")
	if err != nil {
		return err
	}
	for _, tree := range trees {
		wanted, problems := models.ReadCollection(tree)
		if found := models.Problems(problems); found != nil {
			return found
		}
		if _, err := s.records.Collection(ctx, wanted.Name); !models.IsKind(err, models.KindNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := s.records.CreateCollection(ctx, records.SchemaCall{Access: by}, wanted); err != nil {
			return err
		}
	}
	return nil
}

// demoGrants gives roles what they need; giving the same again changes nothing.
func (s *server) demoGrants(ctx context.Context, by models.Access) error {
	list, err := demoPart[struct {
		Role string `json:"role"`
		models.Grant
	}]("grants")
	if err != nil {
		return err
	}
	byRole := map[string][]models.Grant{}
	for _, g := range list {
		byRole[g.Role] = append(byRole[g.Role], g.Grant)
	}
	return s.db.Write(ctx, "demo.grants", func(tx *models.Tx) error {
		for role, grants := range byRole {
			if err := models.SetGrants(ctx, tx, by, models.RoleGrants{Role: role, Grants: grants}); err != nil {
				return fmt.Errorf("grants of %s: %w", role, err)
			}
		}
		return nil
	})
}

// demoWorkflows creates, publishes and switches on what is missing.
func (s *server) demoWorkflows(ctx context.Context, by models.Access) error {
	trees, err := demoTrees("workflows")
	if err != nil {
		return err
	}
	on := true
	for _, tree := range trees {
		word := func(name string) string { s, _ := tree[name].(string); return s }
		key := word("key")
		have, err := models.WorkflowByKey(ctx, s.db.Read(), key)
		if models.IsKind(err, models.KindNotFound) {
			have, _, err = s.engine.CreateWorkflow(ctx, by, engine.NewWorkflow{
				Key: key, Title: word("title"), Description: word("description"), Type: word("type"), Config: tree["config"], Nodes: tree["nodes"],
			})
		}
		if err != nil {
			return err
		}
		if have.LiveVersion == 0 {
			if _, err := s.engine.Publish(ctx, by, key, engine.Publish{}); err != nil {
				return err
			}
		}
		if _, err := s.engine.UpdateWorkflow(ctx, by, key, engine.WorkflowChange{Enabled: &on}); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) demoPages(ctx context.Context, by models.Access) error {
	trees, err := demoTrees("pages")
	if err != nil {
		return err
	}
	return s.db.Write(ctx, "demo.pages", func(tx *models.Tx) error {
		for _, tree := range trees {
			page, problems := models.ReadPage(tree)
			if found := models.Problems(problems); found != nil {
				return found
			}
			if err := models.SavePage(ctx, tx, by, page); err != nil {
				return fmt.Errorf("page %s: %w", page.Key, err)
			}
		}
		return nil
	})
}

// demoRecords adds records in the name of people, without starting workflows.
func (s *server) demoRecords(ctx context.Context, _ models.Access) error {
	list, err := demoTrees("records")
	if err != nil {
		return err
	}
	return s.db.Write(ctx, "demo.records", func(tx *models.Tx) error {
		if err := tx.SetMeta(ctx, demoMark, demoLoaded); err != nil { // together with the records, so that they come once
			return err
		}
		for _, tree := range list {
			email, _ := tree["by"].(string)
			collection, _ := tree["collection"].(string)
			values, _ := tree["values"].(map[string]any)
			u, err := models.UserByAccount(ctx, tx, email)
			if err != nil {
				return fmt.Errorf("find %s: %w", email, err)
			}
			access := models.Access{Principal: models.Person(u.ID, ""), Layers: models.SystemAccess().Layers, Actor: u.ID}
			_, err = s.records.WriteIn(ctx, tx, &records.Operation{
				Access: access, Collection: collection, Action: models.Create, Values: values, Origin: models.Origin{Kind: "system"}, Silent: true,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
