package api

import (
	"context"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/text"
)

// importWorkflows takes the content of a file, or of a list of them. With dryRun it
// only says what would happen; with key a single workflow gets another key than its
// file says. Nothing is taken while anything stands in the way of one of them; then
// each is taken whole or not at all.
func (a *api) importWorkflows(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadParams(c)
	if err != nil {
		return reply.Body{}, err
	}
	dryRun, key := p.Flag("dryRun", false), p.Raw("key")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	sent, err := bind.JSON(c)
	if err != nil {
		return reply.Body{}, err
	}
	list, several := sent.([]any)
	if content, ok := sent.(map[string]any); ok {
		list = []any{content}
		if key != "" {
			content["key"] = key
		}
	} else if key != "" {
		return reply.Body{}, badParameter("key", text.M("workflow.import_key", "Only a single workflow can be given another key."))
	}
	files, err := readFiles(list, several)
	if err != nil {
		return reply.Body{}, err
	}
	out, err := a.takeFiles(c, files, dryRun)
	if err != nil || several {
		return reply.Body{Data: out}, err
	}
	return reply.Body{Data: out[0]}, nil
}

// readFiles reads the contents of files and says all that is wrong with them.
func readFiles(list []any, several bool) ([]engine.File, error) {
	if len(list) == 0 || len(list) > maxExchanged {
		return nil, badParameter("", text.M("workflow.files", "Send 1 to %d workflow files.", maxExchanged))
	}
	var found []models.FieldError
	keys, files := map[string]bool{}, make([]engine.File, len(list))
	for i, content := range list {
		at := ""
		if several {
			at = fmt.Sprintf("[%d].", i)
		}
		file, problems := engine.ReadFile(content)
		for _, p := range problems {
			found = append(found, models.FieldError{Field: at + p.Field, Code: p.Code, Message: p.Message})
		}
		if len(problems) == 0 && keys[file.Key] {
			found = append(found, models.FieldError{
				Field: at + "key", Code: "NOT_UNIQUE", Message: text.M("workflow.files_key", "Two of the files have the key %s.", file.Key),
			})
		}
		keys[file.Key], files[i] = true, file
	}
	if found != nil {
		return nil, models.InvalidFields(found)
	}
	return files, nil
}

// takeFiles takes workflows that nothing stands in the way of, or says what it would do.
func (a *api) takeFiles(c *fiber.Ctx, files []engine.File, dryRun bool) ([]any, error) {
	ctx, by := c.UserContext(), access(c)
	out := make([]any, len(files))
	for i, file := range files {
		plan, err := a.Engine.PlanImport(ctx, by, file)
		if err != nil {
			return nil, err
		}
		out[i] = importedValue(ctx, plan)
	}
	if dryRun {
		return out, nil
	}
	for i, file := range files {
		done, err := a.Engine.Import(ctx, by, file)
		if err != nil {
			return nil, err
		}
		out[i] = importedValue(ctx, done)
	}
	return out, nil
}

func importedValue(ctx context.Context, done engine.Imported) map[string]any {
	out := map[string]any{
		"workflow": nil, "new": done.New, "differences": listOf(done.Differences, differenceValue(ctx)),
		"findings": listOf(done.Findings, findingValue(ctx)),
	}
	if done.Workflow != nil {
		out["workflow"] = workflowValue(done.Workflow)
	}
	return out
}
