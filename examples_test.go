package macaw_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every package of the framework shows how it is used, and go test runs it.
func TestFrameworkHasExamples(t *testing.T) {
	checked := 0
	err := filepath.WalkDir("framework", func(folder string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if d.Name() == "testdata" || d.Name() == "internal" {
			return filepath.SkipDir
		}
		if folder == filepath.Join("framework", "onnx", "onnxruntime") {
			return nil // for tests alone, and needs a *testing.T
		}
		code, example, err := exampleIn(folder)
		if err != nil {
			return err
		}
		if code {
			checked++
		}
		if code && !example {
			t.Errorf("%s has no example with an output", folder)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 10 {
		t.Errorf("looked at %d packages only", checked)
	}
}

// The guard must be able to fail.
func TestExampleInSeesWhatLacks(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", "package a\n")
	write("a_test.go", "package a\n\nfunc Example() {\n\t// not run without an output\n}\n")
	if code, example, err := exampleIn(folder); err != nil || !code || example {
		t.Errorf("got %v, %v, %v", code, example, err)
	}
	write("b_test.go", "package a\n\nfunc Example_b() {\n\t// Output:\n}\n")
	if _, example, err := exampleIn(folder); err != nil || !example {
		t.Errorf("got %v, %v", example, err)
	}
}

// exampleIn says whether a folder has Go code and an example that go test runs.
func exampleIn(folder string) (code, example bool, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return false, false, err
	}
	for _, path := range files {
		if !strings.HasSuffix(path, "_test.go") {
			code = true
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return false, false, err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Example") {
				continue
			}
			for _, c := range file.Comments {
				if f.Body.Pos() < c.Pos() && c.End() < f.Body.End() && strings.HasPrefix(c.Text(), "Output:") {
					example = true
				}
			}
		}
	}
	return code, example, nil
}
