// Package peers runs PyTorch and ONNX Runtime on the works that Macaw is
// measured on, in processes of their own.
package peers

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed torch_peer.py
var torchScript []byte

//go:embed ort_peer.mjs
var ortScript []byte

// Sample sums up the repetitions of one turn, in seconds.
type Sample struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Runs   int     `json:"runs"`
}

// Memory is what a process holds, in bytes.
type Memory struct {
	Base int64 `json:"base"` // before it makes the model
	Peak int64 `json:"peak"`
}

// Peer is a running peer. It is not safe for concurrent use.
type Peer struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	BLAS    string `json:"blas"` // Debian's name of the library's folder

	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	folder string // of the script and of exported networks
}

// MissingError says what a peer needs and how to get it.
type MissingError struct{ Peer, Reason, Install string }

// Error is a sentence with the reason and the command that installs the peer.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s cannot run here: %s. To install it: %s", e.Peer, e.Reason, e.Install)
}

const (
	installTorch = "apt-get install python3-torch python3-numpy libopenblas0-openmp"
	installORT   = "npm install onnxruntime-node (and Node.js), in this folder or in one that MACAW_NPM names"
)

// Torch starts PyTorch on Debian's OpenBLAS of OpenMP threads. With the other
// build, of POSIX threads, two pools of threads take the cores from each other
// and PyTorch is two to four times slower: that is refused.
func Torch(ctx context.Context, threads int) (*Peer, error) {
	missing := func(reason string) error { return &MissingError{"PyTorch", reason, installTorch} }
	libs, _ := filepath.Glob("/usr/lib/*/openblas-openmp/libblas.so.3")
	if len(libs) == 0 {
		return nil, missing("OpenBLAS with OpenMP threads is not installed")
	}
	python := "/usr/bin/python3" // Debian's, which finds Debian's packages
	if _, err := os.Stat(python); err != nil {
		return nil, missing("there is no " + python)
	}
	p, err := start(ctx, "torch_peer.py", torchScript, func(script string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, python, script, strconv.Itoa(threads))
		cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Dir(libs[0]))
		return cmd
	})
	if err != nil {
		return nil, missing(err.Error())
	}
	if p.BLAS != "openblas-openmp" {
		p.Close()
		return nil, missing(fmt.Sprintf("it computes with %s instead of openblas-openmp", p.BLAS))
	}
	return p, nil
}

// ONNXRuntime starts ONNX Runtime of the Node.js package.
func ONNXRuntime(ctx context.Context, threads int) (*Peer, error) {
	missing := func(reason string) error { return &MissingError{"ONNX Runtime", reason, installORT} }
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, missing("there is no node")
	}
	modules := ""
	for _, dir := range []string{os.Getenv("MACAW_NPM"), "node_modules", ".cache/npm/node_modules"} {
		if _, err := os.Stat(filepath.Join(dir, "onnxruntime-node")); dir != "" && err == nil {
			modules, _ = filepath.Abs(dir)
			break
		}
	}
	if modules == "" {
		return nil, missing("there is no package onnxruntime-node")
	}
	p, err := start(ctx, "ort_peer.mjs", ortScript, func(script string) *exec.Cmd {
		return exec.CommandContext(ctx, node, script, strconv.Itoa(threads), modules)
	})
	if err != nil {
		return nil, missing(err.Error())
	}
	return p, nil
}

// start runs a script, which says first who it is.
func start(ctx context.Context, name string, script []byte, command func(script string) *exec.Cmd) (_ *Peer, err error) {
	p := &Peer{}
	if p.folder, err = os.MkdirTemp("", "macaw-peer-*"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	path := filepath.Join(p.folder, name)
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return nil, err
	}
	p.cmd = command(path)
	var errors strings.Builder
	p.cmd.Stderr = &errors
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		return nil, err
	}
	if err := p.answer(p); err != nil {
		return nil, err
	}
	return p, nil
}

// ask sends a request and reads its answer.
func (p *Peer) ask(request map[string]any, answer any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%s has ended", p.Name)
	}
	return p.answer(answer)
}

func (p *Peer) answer(to any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return errors.New("it ended without an answer")
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(line, &failed); err != nil {
		return fmt.Errorf("it answered %q", line)
	}
	if failed.Error != "" {
		return errors.New(failed.Error)
	}
	return json.Unmarshal(line, to)
}

// Open prepares a work and runs it a few times. Networks for inference are
// read from the folder that Export wrote.
func (p *Peer) Open(work, folder string) error {
	return p.ask(map[string]any{"open": work, "folder": folder}, &struct{}{})
}

// Measure repeats the opened work for about so many seconds, at least three times.
func (p *Peer) Measure(seconds float64) (Sample, error) {
	var s Sample
	err := p.ask(map[string]any{"seconds": seconds}, &s)
	return s, err
}

// Memory returns what the process held at most.
func (p *Peer) Memory() (Memory, error) {
	var m Memory
	err := p.ask(map[string]any{"memory": true}, &m)
	return m, err
}

// Export writes the networks as ONNX files to a folder that lives as long as p.
func (p *Peer) Export() (folder string, err error) {
	return p.folder, p.ask(map[string]any{"export": p.folder}, &struct{}{})
}

// PID is the number of the peer's process.
func (p *Peer) PID() int { return p.cmd.Process.Pid }

// Close ends the process and removes its files.
func (p *Peer) Close() {
	if p.cmd != nil && p.cmd.Process != nil {
		p.in.Close()
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
	os.RemoveAll(p.folder)
}
