package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/macaw-ai/macaw/chip/cpu"
	"github.com/macaw-ai/macaw/cmd/macaw/peers"
	"github.com/macaw-ai/macaw/framework/graph"
	"github.com/macaw-ai/macaw/internal/fault"
)

type peersCmd struct {
	Threads int     `help:"Workers of every side." default:"2" placeholder:"N"`
	Only    string  `help:"Compare only works whose name contains this text." placeholder:"TEXT"`
	Rounds  int     `help:"Turns of every side." default:"5" placeholder:"N"`
	Seconds float64 `help:"Time of one turn; at least three repetitions are made." default:"0.5" placeholder:"S"`
	JSON    bool    `name:"json" help:"Print JSON, one line for each work."`
}

func (c *peersCmd) Help() string {
	return `Macaw and its peers do the same work in turn, A B A B: PyTorch for operators and whole training steps (forward,
backward and optimiser), ONNX Runtime for inference of the same networks, which PyTorch writes as ONNX files, and Macaw's own
float32 for training in bfloat16 and inference in 8-bit integers, where the peak is that of their arithmetic. A ratio is
the peer's time over Macaw's, the median over the rounds; of peak is the least time by the roofline (this machine's
arithmetic and memory, measured now) over Macaw's time. Where the rounds differ too much, no ratio is given.

Nothing is installed: what a peer lacks is said, with the way to get it, and its rows are left out.`
}

// comparison is one row.
type comparison struct {
	name, work string
	peer       string // "torch", "onnxruntime" or ownFloat32
	unit       string // "ms" or "MiB"
}

// comparisons are the works of the table in docs/performance.md.
func comparisons() []comparison {
	var list []comparison
	torch := func(name, work string) { list = append(list, comparison{name, work, "torch", "ms"}) }
	for _, n := range []int{512, 1024, 2048} {
		torch(fmt.Sprintf("SGEMM %d", n), fmt.Sprintf("sgemm %d", n))
	}
	for _, s := range [][2]int{{64, 56}, {128, 28}} {
		for _, kind := range []string{"forward", "all"} {
			name := "forward"
			if kind == "all" {
				name = "forward, backwards"
			}
			torch(fmt.Sprintf("conv 3x3 %d ch %d², %s", s[0], s[1], name), fmt.Sprintf("conv %s %d %d", kind, s[0], s[1]))
		}
	}
	torch("softmax 4096x1024", "rows softmax")
	torch("layer norm 4096x1024", "rows layernorm")
	torch("GELU 4096x1024", "rows gelu")
	torch("AdamW, 10 M parameters", "adamw 10000000")
	nets := []string{"mlp", "lenet", "resnet18", "gpt"}
	for _, net := range nets {
		torch(fmt.Sprintf("train %s, batch %d", net, trainModels[net].batch), "train "+net)
	}
	for _, net := range nets {
		list = append(list, comparison{fmt.Sprintf("train %s, batch %d, bfloat16", net, trainModels[net].batch), "train " + net + " bfloat16", ownFloat32, "ms"})
	}
	for _, net := range nets {
		for _, batch := range []int{1, 32} {
			work := fmt.Sprintf("infer %s %d", net, batch)
			list = append(list, comparison{fmt.Sprintf("infer %s, batch %d", net, batch), work, "onnxruntime", "ms"})
		}
	}
	for _, batch := range []int{1, 32} {
		list = append(list, comparison{fmt.Sprintf("int8 resnet18, batch %d", batch), fmt.Sprintf("int8 resnet18 %d", batch), ownFloat32, "ms"})
	}
	for _, net := range nets[2:] {
		list = append(list, comparison{fmt.Sprintf("memory of training %s", net), "train " + net, "torch", "MiB"})
	}
	return list
}

// comparedRow is what is printed of a comparison.
type comparedRow struct {
	Work   string  `json:"work"`
	Unit   string  `json:"unit"`
	Peer   string  `json:"peer"`
	Macaw  float64 `json:"macaw"`
	Theirs float64 `json:"theirs"`
	Ratio  float64 `json:"ratio"` // theirs over Macaw's, 0 when noisy
	Low    float64 `json:"low"`   // the quartiles of the rounds' ratios
	High   float64 `json:"high"`
	Noisy  string  `json:"noisy,omitempty"` // why there is no ratio
	OfPeak float64 `json:"of_peak,omitempty"`
	NotRun string  `json:"not_run,omitempty"` // why there are no figures
}

// noisySpread is the distance of the quartiles, as a share of the median, from
// which on a ratio says nothing.
const noisySpread = 0.25

// othersLimit is the share of the cores that other processes may take. Less
// than one core of two delays a peer whose threads wait for each other at every
// operator far more than it delays Macaw, in all rounds alike.
const othersLimit = 0.08

func (c *peersCmd) Run(e *env) error {
	if c.Threads < 1 || c.Rounds < 1 || c.Seconds <= 0 {
		return fault.Errorf(fault.Invalid, "--threads and --rounds must be at least 1, --seconds above 0.")
	}
	var list []comparison
	for _, w := range comparisons() {
		if strings.Contains(w.name, c.Only) {
			list = append(list, w)
		}
	}
	if len(list) == 0 {
		return fault.Errorf(fault.Invalid, "No work has %q in its name; without --only all are listed.", c.Only)
	}
	s := &peerSession{cmd: c, env: e, missing: map[string]error{}, running: map[string]*peers.Peer{}}
	defer s.close()
	for range 3 {
		s.probe()
	}
	if info := device(c.Threads).Info(); !c.JSON {
		fmt.Fprintf(e.out, "%s, %d threads, %v: %.1f GFLOP/s, %.1f GOP/s of int8, %.1f GB/s at most\n", info.Model, info.Threads, info.Features, s.roof.FLOPS/1e9, s.intRoof.FLOPS/1e9, s.roof.Bandwidth/1e9)
	}
	return s.compareAll(list)
}

// probe measures the peaks; the best of all probes counts, as another program
// that runs meanwhile makes one too low.
func (s *peerSession) probe() {
	_, floats := cpu.Peak(s.cmd.Threads)
	_, ints := cpu.PeakInt8(s.cmd.Threads)
	s.roof = graph.Roofline{FLOPS: max(s.roof.FLOPS, floats), Bandwidth: max(s.roof.Bandwidth, cpu.Bandwidth(s.cmd.Threads))}
	s.intRoof = graph.Roofline{FLOPS: max(s.intRoof.FLOPS, ints), Bandwidth: s.roof.Bandwidth}
}

// peerSession holds the peers that run.
type peerSession struct {
	cmd     *peersCmd
	env     *env
	roof    graph.Roofline
	intRoof graph.Roofline // of products of 8-bit integers
	running map[string]*peers.Peer
	missing map[string]error
	folder  string // of the exported networks
}

func (s *peerSession) close() {
	for _, p := range s.running {
		p.Close()
	}
}

func (s *peerSession) start(name string) (*peers.Peer, error) {
	if name == "torch" {
		return peers.Torch(s.env.ctx, s.cmd.Threads)
	}
	return peers.ONNXRuntime(s.env.ctx, s.cmd.Threads)
}

// peer returns a running peer, starting it the first time.
func (s *peerSession) peer(name string) (*peers.Peer, error) {
	if p := s.running[name]; p != nil || s.missing[name] != nil {
		return p, s.missing[name]
	}
	p, err := s.start(name)
	if err != nil {
		s.missing[name] = err
		return nil, err
	}
	s.running[name] = p
	return p, nil
}

// networks returns the folder of the ONNX files.
func (s *peerSession) networks() (string, error) {
	if s.folder != "" {
		return s.folder, nil
	}
	p, err := s.peer("torch")
	if err != nil {
		return "", fmt.Errorf("the networks are written by PyTorch: %w", err)
	}
	s.folder, err = p.Export()
	return s.folder, err
}

func (s *peerSession) compareAll(list []comparison) error {
	table := &peerTable{out: s.env.out}
	for _, w := range list {
		s.probe()
		row, err := s.compare(w)
		if s.env.ctx.Err() != nil {
			return s.env.ctx.Err()
		}
		if err != nil {
			row.NotRun = err.Error()
		}
		if s.cmd.JSON {
			if err := json.NewEncoder(s.env.out).Encode(row); err != nil {
				return err
			}
			continue
		}
		table.add(row)
	}
	if s.cmd.JSON {
		return nil
	}
	return table.end(s.running)
}

func (s *peerSession) compare(w comparison) (comparedRow, error) {
	row := comparedRow{Work: w.name, Unit: w.unit, Peer: w.peer}
	if w.peer == ownFloat32 {
		return row, s.compareOwn(w, &row)
	}
	folder := ""
	if strings.HasPrefix(w.work, "infer ") {
		var err error
		if folder, err = s.networks(); err != nil {
			return row, err
		}
	}
	p, err := s.peer(w.peer)
	if err != nil {
		return row, err
	}
	row.Peer = p.Name
	if w.unit == "MiB" {
		return row, s.memory(w, &row)
	}
	t, err := s.warm(w.work, folder)
	if err != nil {
		return row, err
	}
	defer t.close()
	if err := p.Open(w.work, folder); err != nil {
		return row, fmt.Errorf("%s: %w", p.Name, err)
	}
	return row, s.turns(t, p.Measure, s.roof, &row, os.Getpid(), p.PID())
}

// compareOwn compares a work of fewer bits with the same one in float32.
func (s *peerSession) compareOwn(w comparison, row *comparedRow) error {
	roof, single := s.intRoof, "float32"+strings.TrimPrefix(w.work, "int8")
	if step, ok := strings.CutSuffix(w.work, " bfloat16"); ok {
		_, peak := cpu.PeakBFloat(s.cmd.Threads)
		roof.FLOPS, single = peak, step
	}
	t, err := s.warm(w.work, "")
	if err != nil {
		return err
	}
	defer t.close()
	other, err := s.warm(single, "")
	if err != nil {
		return err
	}
	defer other.close()
	return s.turns(t, other.measure, roof, row, os.Getpid())
}

// warm prepares a task of Macaw and runs it a few times.
func (s *peerSession) warm(work, folder string) (*task, error) {
	t, err := newTask(s.env.ctx, work, folder, device(s.cmd.Threads))
	if err != nil {
		return nil, err
	}
	for range 3 {
		if err := t.run(); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

// turns lets both sides work in turn; processes are those of both.
func (s *peerSession) turns(t *task, measure func(seconds float64) (peers.Sample, error), roof graph.Roofline, row *comparedRow, processes ...int) error {
	var mine, theirs, ratios []float64
	begin, counted := readCPUTime(processes...)
	for range s.cmd.Rounds {
		if s.env.ctx.Err() != nil {
			return s.env.ctx.Err()
		}
		m, err := t.measure(s.cmd.Seconds)
		if err != nil {
			return err
		}
		o, err := measure(s.cmd.Seconds)
		if err != nil {
			return fmt.Errorf("%s: %w", row.Peer, err)
		}
		mine, theirs, ratios = append(mine, m.Median), append(theirs, o.Median), append(ratios, o.Median/m.Median)
	}
	row.Macaw, row.Theirs = 1e3*quantile(mine, 0.5), 1e3*quantile(theirs, 0.5)
	row.settle(ratios)
	if end, ok := readCPUTime(processes...); ok && counted {
		if others := end.othersSince(begin); others > othersLimit {
			row.Ratio, row.Noisy = 0, fmt.Sprintf("others took %.0f %%", 100*others)
		}
	}
	floor, err := t.floor(roof)
	row.OfPeak = floor.Seconds() * 1e3 / row.Macaw
	return err
}

// settle takes the median of the rounds' ratios, or says that they differ too much.
func (r *comparedRow) settle(ratios []float64) {
	r.Low, r.Ratio, r.High = quantile(ratios, 0.25), quantile(ratios, 0.5), quantile(ratios, 0.75)
	if r.High-r.Low > noisySpread*r.Ratio {
		r.Ratio, r.Noisy = 0, "rounds differ"
	}
}

// quantile interpolates linearly between the sorted values.
func quantile(values []float64, q float64) float64 {
	v := slices.Sorted(slices.Values(values))
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 == len(v) {
		return v[i]
	}
	return v[i] + (at-float64(i))*(v[i+1]-v[i])
}

// memory compares what processes of their own take for training, beyond what
// they hold before they make the model.
func (s *peerSession) memory(w comparison, row *comparedRow) error {
	p, err := s.start(w.peer)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Open(w.work, ""); err != nil {
		return err
	}
	theirs, err := p.Memory()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(s.env.ctx, self, "bench", "memory", w.work, "--threads", strconv.Itoa(s.cmd.Threads)).Output()
	if err != nil {
		return fmt.Errorf("measuring the memory of Macaw: %w", err)
	}
	var mine peers.Memory
	if err := json.Unmarshal(out, &mine); err != nil {
		return err
	}
	const mib = 1 << 20
	row.Macaw, row.Theirs = float64(mine.Peak-mine.Base)/mib, float64(theirs.Peak-theirs.Base)/mib
	row.settle([]float64{row.Theirs / row.Macaw})
	return nil
}

// peerTable prints rows as they come: a run takes minutes.
type peerTable struct {
	out     interface{ Write([]byte) (int, error) }
	began   bool
	missing []string
}

const peerLayout = "%-40s  %-12s  %10s  %10s  %-4s  %-18s  %s\n"

func (t *peerTable) add(r comparedRow) {
	if !t.began {
		fmt.Fprintf(t.out, "\n"+peerLayout, "WORK", "PEER", "PEER'S", "MACAW'S", "", "RATIO", "OF PEAK")
		t.began = true
	}
	if r.NotRun != "" {
		fmt.Fprintf(t.out, "%-40s  not run\n", r.Work)
		if !slices.Contains(t.missing, r.NotRun) {
			t.missing = append(t.missing, r.NotRun)
		}
		return
	}
	ratio := fmt.Sprintf("%.2fx (%.2f-%.2f)", r.Ratio, r.Low, r.High)
	if r.Noisy != "" {
		ratio = fmt.Sprintf("too noisy (%.2f-%.2f): %s", r.Low, r.High, r.Noisy)
	}
	if r.Unit == "MiB" {
		ratio = fmt.Sprintf("%.2fx", r.Ratio)
	}
	peak := ""
	if r.OfPeak > 0 {
		peak = fmt.Sprintf("%.0f %%", 100*r.OfPeak)
	}
	fmt.Fprintf(t.out, peerLayout, r.Work, r.Peer, significant(r.Theirs), significant(r.Macaw), r.Unit, ratio, peak)
}

// significant writes three digits, or all before the point.
func significant(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func (t *peerTable) end(running map[string]*peers.Peer) error {
	for _, name := range []string{"torch", "onnxruntime"} {
		if p := running[name]; p != nil {
			fmt.Fprintf(t.out, "\n%s %s %s", p.Name, p.Version, p.BLAS)
		}
	}
	fmt.Fprintln(t.out)
	for _, m := range t.missing {
		fmt.Fprintf(t.out, "not run: %s\n", m)
	}
	return nil
}

// memoryCmd trains a few steps and says what the process took; bench peers
// runs it in a process of its own.
type memoryCmd struct {
	Work    string `arg:"" help:"Such as \"train gpt\"."`
	Threads int    `placeholder:"N"`
}

func (c *memoryCmd) Run(e *env) error {
	base, err := peakMemory()
	if err != nil {
		return err
	}
	t, err := newTask(e.ctx, c.Work, "", device(c.Threads))
	if err != nil {
		return err
	}
	defer t.close()
	for range 4 {
		if err := t.run(); err != nil {
			return err
		}
	}
	peak, err := peakMemory()
	if err != nil {
		return err
	}
	return json.NewEncoder(e.out).Encode(peers.Memory{Base: base, Peak: peak})
}

// peakMemory is the most that this process ever held in memory, in bytes.
func peakMemory() (int64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fault.Errorf(fault.Invalid, "This system does not say how much memory a process takes: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/self/status lacks VmHWM")
}
