package web

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/gofiber/fiber/v2"

	"formrail/engine/inbound"
	"formrail/handlers/bind"
	"formrail/handlers/openapi"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/handlers/settings"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/urls"
)

// serves reports whether other programs start the workflow by requests.
func (e *editing) serves() bool {
	typ := e.site.types.triggers[e.def.Trigger.Type]
	return typ != nil && typ.Serves()
}

// endpoint is the address under which other programs start the workflow, and how they
// call it; nil for workflows that take no requests and people who may not know.
func (e *editing) endpoint(ctx context.Context) (*editor.Endpoint, error) {
	path, err := e.site.Engine.AddressOf(ctx, e.access, e.w, e.def.Definition)
	contract, ok := e.site.Engine.ContractOf(e.w, e.def.Definition)
	if err != nil || path == "" || !ok {
		return nil, err
	}
	schema, err := field.MarshalJSON(openapi.Fragment(ctx, contract, e.site.Base.URL()))
	if err != nil {
		return nil, err
	}
	address := e.site.Base.URL() + path
	return &editor.Endpoint{
		Address: address, Off: !e.w.Enabled || e.w.LiveVersion == 0, Renew: contract.SecretPath && e.access.Can("workflow.publish"),
		Curl: openapi.Curl(contract, address), Schema: string(schema), Sample: e.sent.sample, Problem: e.sent.sampleProblem,
		Waits: e.site.Engine.AwaitsSample(e.w.ID),
	}, nil
}

// fromSample fills the lists of expected values from a pasted sample or the last request.
// What is in them stays.
func (e *editing) fromSample(ctx context.Context, what string, form bind.Form, around settings.Around) error {
	var sample inbound.Sample
	var err error
	switch {
	case e.open != triggerKey || !e.serves():
		return nil
	case what == "sample.paste":
		e.sent.sample = form.Get("sample")
		sample, err = inbound.ParseSample(e.sent.sample)
	case what == "sample.last":
		sample, err = e.site.Engine.LastSample(ctx, e.access, e.w)
	case what == "sample.wait":
		return e.site.Engine.AwaitSample(e.access, e.w)
	default:
		return nil
	}
	var wrong *inbound.Problem
	var refused *models.Error
	switch {
	case errors.As(err, &wrong):
		e.sent.sampleProblem = wrong.Message.In(ctx)
		return nil
	case errors.As(err, &refused) && refused.Kind != models.KindInternal:
		e.sent.sampleProblem = refused.Message.In(ctx)
		return nil
	case err != nil:
		return err
	}
	fields, _ := e.declared()
	config := maps.Clone(e.sent.form.Config())
	if slices.ContainsFunc(fields, func(f field.Field) bool { return f.Name == "params" }) {
		config["params"] = withParams(config["params"], sample)
	} else {
		config["query"], config["body"] = withRows(config["query"], sample.Query), withRows(config["body"], sample.Body)
	}
	e.sent.form = settings.Stored(fields, config, around)
	return nil
}

// withRows adds the rows that a list does not have.
func withRows(have any, rows []inbound.Declared) any {
	list, _ := have.([]any)
	taken := map[any]bool{}
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			taken[m["path"]] = true
		}
	}
	list = slices.Clone(list)
	for _, d := range rows {
		if taken[d.Path] {
			continue
		}
		row := map[string]any{"path": d.Path, "type": d.Type}
		if d.Alias != (inbound.Declared{Path: d.Path}).Name() {
			row["alias"] = d.Alias
		}
		list = append(list, row)
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// withParams adds a parameter for each value at the top of a sample.
func withParams(have any, sample inbound.Sample) any {
	list, _ := have.([]any)
	taken := map[any]bool{}
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			taken[m["name"]] = true
		}
	}
	list = slices.Clone(list)
	for in, rows := range map[string][]inbound.Declared{"query": sample.Query, "body": sample.Body} {
		for _, d := range rows {
			if parts := inbound.PathOf(d.Path); len(parts) == 1 && !taken[parts[0]] {
				taken[parts[0]] = true
				list = append(list, map[string]any{"name": parts[0], "in": in, "type": d.Type})
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// renewAddress gives the workflow another secret part of its address.
func (s *site) renewAddress(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	if err := s.Engine.RenewAddress(ctx, e.access, route.Param(c, "key")); err != nil {
		return e.refuse(c, models.AsError(err))
	}
	if err := e.toast(c, text.T(ctx, "endpoint.renewed", "The former address is worth nothing now")); err != nil {
		return err
	}
	return reply.Redirect(c, urls.WorkflowOpen(e.w.Key, triggerKey))
}
