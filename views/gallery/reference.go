package gallery

import "formrail/views/reference"

func referenceSamples() []Sample {
	return []Sample{{Name: "page-reference", Page: true, Component: reference.Show(reference.ShowProps{
		Session: session(), Document: "https://flows.example.com/api/openapi.json", Sections: []reference.Section{
			{
				ID: "api-reimbursements", Title: "Reimbursements", Name: "reimbursements",
				Operations: []reference.Operation{
					{ID: "reimbursements.list", Method: "GET", Path: "/api/reimbursements:list", Summary: "Reimbursements: list", Permission: "data: view", Scope: "records:read:reimbursements"},
					{ID: "reimbursements.create", Method: "POST", Path: "/api/reimbursements:create", Summary: "Reimbursements: create", Permission: "data: create", Scope: "records:write:reimbursements"},
				},
				Fields: []reference.Field{
					{Name: "amount", Title: "Amount", Kind: "decimal", Read: true, Create: true, Update: true, Operators: "$between $eq $gt"},
					{Name: "code", Title: "Code", Kind: "text", Create: true},
				},
			},
			{
				ID: "api-tasks", Title: "tasks", Name: "tasks",
				Operations: []reference.Operation{{ID: "tasks.list", Method: "GET", Path: "/api/tasks:list", Summary: "tasks: list", Permission: "own: tasks he takes part in", Scope: "tasks"}},
			},
		},
	})}}
}
