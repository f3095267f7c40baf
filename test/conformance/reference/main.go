// Command reference answers cases of patches and server-side apply with the libraries that a kube-apiserver uses.
// It reads one JSON case per line and writes one JSON answer per line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/merge"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
	"sigs.k8s.io/structured-merge-diff/v4/value"
)

type testCase struct {
	Kind   string          `json:"kind"`
	Target json.RawMessage `json:"target"`
	Patch  json.RawMessage `json:"patch"`
	Schema string          `json:"schema"`
	Steps  []step          `json:"steps"`
}

type step struct {
	Verb    string          `json:"verb"`
	Manager string          `json:"manager"`
	Object  json.RawMessage `json:"object"`
	Force   bool            `json:"force"`
}

type answer struct {
	Result any      `json:"result,omitempty"`
	Error  string   `json:"error,omitempty"`
	Steps  []result `json:"steps,omitempty"`
}

type result struct {
	Object    any                        `json:"object"`
	Managers  map[string]json.RawMessage `json:"managers"`
	Conflicts []string                   `json:"conflicts,omitempty"`
	Error     string                     `json:"error,omitempty"`
}

// gadget has the merge strategies of the schema that the caller uses.
type gadget struct {
	Data map[string]string `json:"data,omitempty"`
	Spec spec              `json:"spec,omitempty"`
}

type spec struct {
	Ports []port   `json:"ports,omitempty" patchStrategy:"merge" patchMergeKey:"port"`
	Words []string `json:"words,omitempty" patchStrategy:"merge"`
	Steps []string `json:"steps,omitempty"`
}

type port struct {
	Port     int    `json:"port"`
	Name     string `json:"name,omitempty"`
	Protocol string `json:"protocol,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var c testCase
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(run(c)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func run(c testCase) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprint(p)}
		}
	}()
	if c.Kind == "strategic" {
		patched, err := strategicpatch.StrategicMergePatch(c.Target, c.Patch, gadget{})
		if err != nil {
			return answer{Error: err.Error()}
		}
		return answer{Result: json.RawMessage(patched)}
	}
	return answer{Steps: apply(c)}
}

type sameVersion struct{}

func (sameVersion) Convert(o *typed.TypedValue, _ fieldpath.APIVersion) (*typed.TypedValue, error) {
	return o, nil
}
func (sameVersion) IsMissingVersionError(error) bool { return false }

func apply(c testCase) []result {
	parser, err := typed.NewParser(typed.YAMLObject(c.Schema))
	if err != nil {
		return []result{{Error: err.Error()}}
	}
	kind := parser.Type("root")
	live, err := kind.FromYAML("{}")
	if err != nil {
		return []result{{Error: err.Error()}}
	}
	managers := fieldpath.ManagedFields{}
	updater := merge.Updater{Converter: sameVersion{}}
	var results []result
	for _, s := range c.Steps {
		next, left, err := doStep(&updater, kind, live, managers.Copy(), s)
		r := result{}
		if err != nil {
			if conflicts, ok := err.(merge.Conflicts); ok {
				for _, conflict := range conflicts {
					r.Conflicts = append(r.Conflicts, conflict.Manager+" "+conflict.Path.String())
				}
			} else {
				r.Error = err.Error()
			}
		} else {
			if next != nil {
				live = next
			}
			managers = left
		}
		text, err := value.ToJSON(live.AsValue())
		if err != nil {
			r.Error = err.Error()
		}
		r.Object = json.RawMessage(text)
		r.Managers = map[string]json.RawMessage{}
		for name, set := range managers {
			text, err := set.Set().ToJSON()
			if err != nil {
				r.Error = err.Error()
			}
			r.Managers[name] = text
		}
		results = append(results, r)
	}
	return results
}

func doStep(u *merge.Updater, kind typed.ParseableType, live *typed.TypedValue, managers fieldpath.ManagedFields, s step) (*typed.TypedValue, fieldpath.ManagedFields, error) {
	decoded, err := value.FromJSON(s.Object)
	if err != nil {
		return nil, nil, err
	}
	options := []typed.ValidationOptions{}
	if s.Verb == "update" {
		options = append(options, typed.AllowDuplicates)
	}
	object, err := kind.FromUnstructured(decoded.Unstructured(), options...)
	if err != nil {
		return nil, nil, err
	}
	if s.Verb == "update" {
		return u.Update(live, object, "v1", managers, s.Manager)
	}
	return u.Apply(live, object, "v1", managers, s.Manager, s.Force)
}
