package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func examineGo(ctx context.Context) finding {
	return examineTool(ctx, "Go", "only needed to build weir: https://go.dev/dl", []string{"go"}, "version")
}

func examineCompiler(ctx context.Context) finding {
	return examineTool(ctx, "C compiler",
		"not needed; what comes with SQL over files (Redshift, Athena) will want one, the rest never does",
		[]string{"cc", "gcc", "clang"}, "--version")
}

func examineDocker(ctx context.Context) finding {
	return examineTool(ctx, "container engine",
		"not needed; runs on real engines in containers want Docker, or a compatible engine that answers",
		[]string{"docker"}, "version", "--format", "server {{.Server.Version}}")
}

func examineBrowser(ctx context.Context) finding {
	return examineTool(ctx, "headless browser",
		"not needed; tests that drive the scenarios' pages are skipped without Chromium or Chrome",
		[]string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"}, "--version")
}

func examineAWSCLI(ctx context.Context) finding {
	return examineTool(ctx, "aws CLI",
		"not needed; with it you can look into `weir cloud` as into AWS",
		[]string{"aws"}, "--version")
}

// examineTool looks for the first of several programs and asks it who it is.
// A program that is there and does not answer counts as missing.
func examineTool(ctx context.Context, name, remedy string, programs []string, args ...string) finding {
	f := finding{Name: name, Found: "not found", Remedy: remedy}
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, path, args...).Output() // some chat on stderr
		if err != nil {
			f.Found = path + " does not answer: " + reason(err)
			continue
		}
		answer, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		f.OK, f.Found = true, answer
		return f
	}
	return f
}

// reason is what a program complained of last, or else how it ended.
func reason(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		return lines[len(lines)-1]
	}
	return err.Error()
}

// examineAWSEnvironment looks for variables that would send a command, or the
// aws CLI beside it, somewhere else than the reader of this screen expects.
func examineAWSEnvironment(context.Context) finding {
	f := finding{Name: "AWS_* environment", OK: true, Found: "nothing that confuses"}
	confusing := []string{
		"AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL_LAMBDA",
		"AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS", "AWS_SESSION_TOKEN",
	}
	confusing = slices.DeleteFunc(confusing, func(name string) bool { return os.Getenv(name) == "" })
	half := (os.Getenv("AWS_ACCESS_KEY_ID") == "") != (os.Getenv("AWS_SECRET_ACCESS_KEY") == "")
	if half {
		confusing = append(confusing, "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	if len(confusing) > 0 {
		f.OK = false
		f.Found = "set: " + strings.Join(confusing, ", ")
		f.Remedy = "they direct commands with --endpoint and the aws CLI; unset them if you did not mean that"
	}
	return f
}
