package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// The collections and workflows under test: each workflow leaves exactly one
// record in "effects" for each record that started it, with the same mark.
const (
	sources = `{"name":"sources","title":"Source","fields":[{"name":"mark","type":"text","title":"Mark","required":true},{"name":"state","type":"text","title":"State"}]}`
	effects = `{"name":"effects","title":"Effect","fields":[{"name":"mark","type":"text","title":"Mark"},{"name":"note","type":"text","title":"Note"}]}`

	effect = `{"key":"eff","type":"create_record","config":{"collection":"effects","values":{"mark":"{{ trigger.data.mark }}"}}}`
	mark   = `{"key":"set","type":"update_record","config":{"collection":"sources","filter":{"id":{"$eq":"{{ trigger.data.id }}"}},"values":{"state":"done"}}}`

	plainFlow    = `{"key":"flow","title":"Flow","type":"post_action","config":{"collection":"sources"},"nodes":[{"key":"c","type":"condition","config":{"mode":"branch","when":{"all":[]}},"branches":[{"key":"yes","nodes":[` + effect + `,` + mark + `]}]}]}`
	scriptFlow   = `{"key":"script","title":"Script","type":"post_action","config":{"collection":"sources"},"nodes":[` + mark + `,{"key":"js","type":"javascript","config":{"inputs":[{"name":"m","value":"{{ trigger.data.mark }}"}],"code":"return m"}},` + effect + `]}`
	syncFlow     = `{"key":"sync","title":"Sync","type":"post_action","sync":true,"config":{"collection":"sources"},"nodes":[` + effect + `,` + mark + `]}`
	approvalFlow = `{"key":"approval","title":"Approval","type":"post_action","config":{"collection":"sources"},"nodes":[{"key":"ask","type":"approval","config":{"assignees":{"users":[1]},"applicant":"allow"}},` + effect + `,` + mark + `]}`
)

// rootPassword is the password of the first administrator.
const rootPassword = "a bench nobody sits on 7"

// setUp makes the first administrator, a token, the collections and workflows.
func setUp(ctx context.Context, v *server) (*client, error) {
	if _, err := v.command(ctx, rootPassword, "user", "create", "--email", "root@example.com", "--name", "Root", "--role", "root"); err != nil {
		return nil, err
	}
	token, err := v.command(ctx, "", "token", "create", "--user", "root@example.com", "--name", "check")
	if err != nil {
		return nil, err
	}
	if err := v.start(ctx, ""); err != nil {
		return nil, err
	}
	c := newClient(v.address)
	c.token = token
	for _, text := range []string{sources, effects} {
		if _, err := c.must(ctx, "POST", "/api/collections:create", json.RawMessage(text)); err != nil {
			return nil, err
		}
	}
	for _, text := range []string{plainFlow, scriptFlow, syncFlow, approvalFlow} {
		if err := publish(ctx, c, text); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// publish makes a workflow, publishes it and switches it on.
func publish(ctx context.Context, c *client, text string) error {
	r, err := c.must(ctx, "POST", "/api/workflows:create", json.RawMessage(text))
	if err != nil {
		return err
	}
	key := fmt.Sprint(r.data()["key"])
	if _, err := c.must(ctx, "POST", "/api/workflows:publish/"+key, map[string]any{}); err != nil {
		return err
	}
	_, err = c.must(ctx, "POST", "/api/workflows:update/"+key, map[string]any{"enabled": true})
	return err
}
