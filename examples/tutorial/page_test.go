package tutorial_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the code of docs/framework.md")

const (
	root = "../.."
	page = root + "/docs/framework.md"
)

// marked is a marker of the page and what it stands for. A marker says where the
// code is from, by the path from the module's root:
//
//	<!-- example: FILE NAME -->       the body of the example and its output
//	<!-- code: FILE NAME NAME... -->  declarations, methods as Type.Method
//	<!-- lines: FILE TEXT -->         the lines that contain TEXT
var marked = regexp.MustCompile("(?m)^<!-- (example|code|lines): (\\S+) (.*) -->\n(?s:```go\n.*?\n```\n)?(?s:\n```text\n.*?\n```\n)?")

func TestPage(t *testing.T) {
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	now, err := render(string(old))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if now != string(old) {
		t.Errorf("docs/framework.md differs from the code; see the lines from %q on, and run go test ./examples/tutorial -run Page -update", firstDifference(string(old), now))
	}
	if blocks, markers := strings.Count(now, "```go\n"), len(marked.FindAllString(now, -1)); blocks != markers || blocks < 10 {
		t.Errorf("the page has %d blocks of Go and %d markers", blocks, markers)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(marked.ReplaceAllString(now, ""), -1) {
		if _, err := os.Stat(filepath.Join(filepath.Dir(page), link[1])); err != nil {
			t.Errorf("the page links to %s, which does not exist", link[1])
		}
	}
}

// Every example of this folder is on the page.
func TestPageIsComplete(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		_, parsed, err := parse(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") &&
				!strings.Contains(string(text), fmt.Sprintf("<!-- example: examples/tutorial/%s %s -->", file, f.Name.Name)) {
				t.Errorf("%s of %s is not on the page", f.Name.Name, file)
			}
		}
	}
}

// The guard must be able to fail.
func TestRenderRewrites(t *testing.T) {
	const good = "# T\n\n<!-- code: examples/tutorial/must_test.go check -->\n```go\nfunc check(err error) {\n\tif err != nil {\n\t\tpanic(err)\n\t}\n}\n```\n\nafter\n"
	for name, in := range map[string]string{
		"equal": good, "stale": strings.Replace(good, "panic", "print", 1), "new": "# T\n\n<!-- code: examples/tutorial/must_test.go check -->\n\nafter\n",
	} {
		got, err := render(in)
		if err != nil || got != good {
			t.Errorf("%s: %v, got\n%s", name, err, got)
		}
	}
	for _, in := range []string{"<!-- code: examples/tutorial/must_test.go nobody -->\n", "<!-- example: no/such.go Example -->\n", "<!-- lines: examples/tutorial/must_test.go nothing like it -->\n"} {
		if _, err := render(in); err == nil {
			t.Errorf("%q was rendered", in)
		}
	}
}

// render puts the code after each marker of text.
func render(text string) (out string, err error) {
	out = marked.ReplaceAllStringFunc(text, func(block string) string {
		m := marked.FindStringSubmatch(block)
		code, output, e := extract(m[1], filepath.Join(root, m[2]), m[3])
		if e != nil && err == nil {
			err = fmt.Errorf("%s: %w", strings.SplitN(block, "\n", 2)[0], e)
		}
		block = fmt.Sprintf("<!-- %s: %s %s -->\n```go\n%s\n```\n", m[1], m[2], m[3], code)
		if output != "" {
			block += fmt.Sprintf("\n```text\n%s\n```\n", output)
		}
		return block
	})
	return out, err
}

func extract(kind, path, what string) (code, output string, err error) {
	if kind == "lines" {
		return lines(path, what)
	}
	src, file, err := parse(path)
	if err != nil {
		return "", "", err
	}
	if kind == "example" {
		return example(src, file, what)
	}
	var parts []string
	for _, name := range strings.Fields(what) {
		i := slices.IndexFunc(file.Decls, func(d ast.Decl) bool { return slices.Contains(names(d), name) })
		if i < 0 {
			return "", "", fmt.Errorf("%s is not declared", name)
		}
		parts = append(parts, string(src[start(file.Decls[i])-file.FileStart:file.Decls[i].End()-file.FileStart]))
	}
	return strings.Join(parts, "\n\n"), "", nil
}

func parse(path string) (src []byte, file *ast.File, err error) {
	if src, err = os.ReadFile(path); err != nil {
		return nil, nil, err
	}
	file, err = parser.ParseFile(token.NewFileSet(), path, src, parser.ParseComments)
	return src, file, err
}

// example returns the body of a function, one tab less indented, and what its
// last comment says it prints.
func example(src []byte, file *ast.File, name string) (code, output string, err error) {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != name || len(file.Comments) == 0 {
			continue
		}
		for _, c := range file.Comments {
			text, is := strings.CutPrefix(c.Text(), "Output:")
			if !is || c.Pos() < f.Body.Pos() || c.End() > f.Body.End() {
				continue
			}
			body := src[f.Body.Lbrace+1-file.FileStart : c.Pos()-file.FileStart]
			return dedent(body), strings.TrimSpace(text), nil
		}
	}
	return "", "", fmt.Errorf("there is no example %s with an output", name)
}

func lines(path, what string) (code, output string, err error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	var found []string
	for line := range strings.Lines(string(src)) {
		if strings.Contains(line, what) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	if len(found) == 0 {
		return "", "", fmt.Errorf("no line contains %s", what)
	}
	return strings.Join(found, "\n"), "", nil
}

func dedent(body []byte) string {
	return strings.TrimSpace(string(bytes.ReplaceAll(body, []byte("\n\t"), []byte("\n"))))
}

// names lists what a declaration declares.
func names(d ast.Decl) (out []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		of := d.Recv.List[0].Type
		if star, ok := of.(*ast.StarExpr); ok {
			of = star.X
		}
		return []string{fmt.Sprintf("%s.%s", of, d.Name.Name)}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				out = append(out, s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					out = append(out, n.Name)
				}
			}
		}
	}
	return out
}

// start is where a declaration begins, its comment included.
func start(d ast.Decl) token.Pos {
	var doc *ast.CommentGroup
	switch d := d.(type) {
	case *ast.FuncDecl:
		doc = d.Doc
	case *ast.GenDecl:
		doc = d.Doc
	}
	if doc != nil {
		return doc.Pos()
	}
	return d.Pos()
}

func firstDifference(a, b string) string {
	other := strings.Split(b, "\n")
	for i, line := range strings.Split(a, "\n") {
		if i >= len(other) || line != other[i] {
			return line
		}
	}
	return "the end"
}
