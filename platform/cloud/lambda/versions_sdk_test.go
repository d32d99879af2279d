package lambda_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func (a account) publish(t *testing.T, name string) *awslambda.PublishVersionOutput {
	t.Helper()
	out, err := a.functions.PublishVersion(t.Context(), &awslambda.PublishVersionInput{FunctionName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// set gives function environ the variable that tells its versions apart.
func (a account) set(t *testing.T, value string) {
	t.Helper()
	_, err := a.functions.UpdateFunctionConfiguration(t.Context(), &awslambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("environ"), Environment: &types.Environment{Variables: map[string]string{"OWN": value}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ran is the version that answered and the value it has.
func (a account) ran(t *testing.T, name, qualifier string) string {
	t.Helper()
	in := &awslambda.InvokeInput{FunctionName: &name, LogType: types.LogTypeTail}
	if qualifier != "" {
		in.Qualifier = &qualifier
	}
	out, err := a.functions.Invoke(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	tail, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if !strings.Contains(string(tail), " Version: "+*out.ExecutedVersion) {
		t.Errorf("log %q does not start version %s", tail, *out.ExecutedVersion)
	}
	_, rest, _ := strings.Cut(string(out.Payload), `"OWN=`)
	value, _, _ := strings.Cut(rest, `"`)
	if !strings.Contains(string(out.Payload), `"AWS_LAMBDA_FUNCTION_VERSION=`+*out.ExecutedVersion+`"`) {
		t.Errorf("version %s believes to be another: %s", *out.ExecutedVersion, out.Payload)
	}
	return *out.ExecutedVersion + " " + value
}

func TestVersionsStayAsPublished(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "environ")
	a.set(t, "one")
	first := a.publish(t, "environ")
	if *first.Version != "1" || !strings.HasSuffix(*first.FunctionArn, ":environ:1") || first.Environment.Variables["OWN"] != "one" {
		t.Errorf("published %+v", first)
	}
	if again := a.publish(t, "environ"); *again.Version != "1" {
		t.Errorf("unchanged, but published as %s", *again.Version)
	}
	a.set(t, "two")
	if second := a.publish(t, "environ"); *second.Version != "2" {
		t.Errorf("changed, but published as %s", *second.Version)
	}
	a.set(t, "three")
	for _, c := range []struct{ name, qualifier, want string }{
		{"environ", "", "$LATEST three"},
		{"environ", "$LATEST", "$LATEST three"},
		{"environ", "1", "1 one"},
		{"environ:2", "", "2 two"},
		{*first.FunctionArn, "1", "1 one"},
		{"environ", "1", "1 one"}, // its process is kept beside the others
	} {
		if got := a.ran(t, c.name, c.qualifier); got != c.want {
			t.Errorf("%s %s ran %q, want %q", c.name, c.qualifier, got, c.want)
		}
	}
	got, err := a.functions.GetFunctionConfiguration(ctx, &awslambda.GetFunctionConfigurationInput{FunctionName: aws.String("environ"), Qualifier: aws.String("1")})
	if err != nil || got.Environment.Variables["OWN"] != "one" || *got.FunctionArn != *first.FunctionArn {
		t.Errorf("configuration of 1: %+v %v", got, err)
	}
	pages := awslambda.NewListVersionsByFunctionPaginator(a.functions, &awslambda.ListVersionsByFunctionInput{FunctionName: aws.String("environ"), MaxItems: aws.Int32(2)})
	var listed []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			listed = append(listed, *v.Version)
		}
	}
	if strings.Join(listed, " ") != "$LATEST 1 2" {
		t.Errorf("listed %v", listed)
	}
	if _, err := a.functions.DeleteFunction(ctx, &awslambda.DeleteFunctionInput{FunctionName: aws.String("environ"), Qualifier: aws.String("2")}); err != nil {
		t.Fatal(err)
	}
	_, err = a.functions.Invoke(ctx, &awslambda.InvokeInput{FunctionName: aws.String("environ:2")})
	if code(err) != "ResourceNotFoundException" {
		t.Errorf("deleted version: %v", err)
	}
	if v := a.publish(t, "environ"); *v.Version != "3" {
		t.Errorf("number %s given twice", *v.Version)
	}
}

func TestPublishingIsGuarded(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	in := a.input("echo")
	in.Publish = true
	created, err := a.functions.CreateFunction(ctx, in)
	if err != nil || *created.Version != "1" {
		t.Fatalf("published at creation: %+v %v", created, err)
	}
	latest, err := a.functions.GetFunctionConfiguration(ctx, &awslambda.GetFunctionConfigurationInput{FunctionName: aws.String("echo")})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(sum, revision *string) error {
		_, err := a.functions.PublishVersion(ctx, &awslambda.PublishVersionInput{FunctionName: aws.String("echo"), CodeSha256: sum, RevisionId: revision})
		return err
	}
	if err := publish(aws.String("other"), nil); code(err) != "InvalidParameterValueException" {
		t.Errorf("another hash: %v", err)
	}
	if err := publish(nil, aws.String("other")); code(err) != "PreconditionFailedException" {
		t.Errorf("another revision: %v", err)
	}
	if err := publish(latest.CodeSha256, latest.RevisionId); err != nil {
		t.Error(err)
	}
	updated, err := a.functions.UpdateFunctionCode(ctx, &awslambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("echo"), S3Bucket: in.Code.S3Bucket, S3Key: aws.String("pid"), Publish: true, RevisionId: latest.RevisionId,
	})
	if err != nil || *updated.Version != "2" {
		t.Errorf("published with the update: %+v %v", updated, err)
	}
	_, err = a.functions.GetFunction(ctx, &awslambda.GetFunctionInput{FunctionName: aws.String("echo:1"), Qualifier: aws.String("2")})
	if code(err) != "InvalidParameterValueException" {
		t.Errorf("two qualifiers: %v", err)
	}
	for qualifier, want := range map[string]string{"$LATEST": "InvalidParameterValueException", "7": "ResourceNotFoundException"} {
		_, err := a.functions.DeleteFunction(ctx, &awslambda.DeleteFunctionInput{FunctionName: aws.String("echo"), Qualifier: &qualifier})
		if code(err) != want {
			t.Errorf("delete %s: %v", qualifier, err)
		}
	}
}

func TestAliasesRouteInvocations(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "environ")
	for _, value := range []string{"one", "two"} {
		a.set(t, value)
		a.publish(t, "environ")
	}
	create := func(name, version string, weights map[string]float64) (*awslambda.CreateAliasOutput, error) {
		in := &awslambda.CreateAliasInput{FunctionName: aws.String("environ"), Name: &name, FunctionVersion: &version}
		if weights != nil {
			in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}
		}
		return a.functions.CreateAlias(ctx, in)
	}
	live, err := create("live", "1", nil)
	if err != nil || !strings.HasSuffix(*live.AliasArn, ":environ:live") {
		t.Fatalf("created %+v %v", live, err)
	}
	for _, c := range []struct {
		name, version, code string
		weights             map[string]float64
	}{
		{"live", "1", "ResourceConflictException", nil},
		{"a", "9", "ResourceNotFoundException", nil},
		{"a", "1", "ResourceNotFoundException", map[string]float64{"9": 0.5}},
		{"a", "1", "InvalidParameterValueException", map[string]float64{"1": 0.5}},
		{"a", "$LATEST", "InvalidParameterValueException", map[string]float64{"1": 0.5}},
		{"a", "1", "ValidationException", map[string]float64{"2": 1.5}},
		{"7", "1", "ValidationException", nil},
	} {
		if _, err := create(c.name, c.version, c.weights); code(err) != c.code {
			t.Errorf("alias %s of %s with %v: %v, want %s", c.name, c.version, c.weights, err, c.code)
		}
	}
	if got := a.ran(t, "environ:live", ""); got != "1 one" {
		t.Errorf("live ran %q", got)
	}
	update := func(revision *string, weights map[string]float64) (*awslambda.UpdateAliasOutput, error) {
		return a.functions.UpdateAlias(ctx, &awslambda.UpdateAliasInput{
			FunctionName: aws.String("environ"), Name: aws.String("live"), RevisionId: revision,
			RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		})
	}
	if _, err := update(aws.String("old"), nil); code(err) != "PreconditionFailedException" {
		t.Errorf("another revision: %v", err)
	}
	updated, err := update(live.RevisionId, map[string]float64{"2": 0.5})
	if err != nil || *updated.RevisionId == *live.RevisionId || updated.RoutingConfig.AdditionalVersionWeights["2"] != 0.5 {
		t.Fatalf("updated %+v %v", updated, err)
	}
	counts := map[string]int{}
	for range 40 {
		counts[a.ran(t, "environ", "live")]++
	}
	// The share is drawn from a seeded generator: the same in every run.
	if counts["1 one"] < 10 || counts["2 two"] < 10 || len(counts) != 2 {
		t.Errorf("half and half gave %v", counts)
	}
	_, err = a.functions.DeleteFunction(ctx, &awslambda.DeleteFunctionInput{FunctionName: aws.String("environ"), Qualifier: aws.String("2")})
	if code(err) != "ResourceConflictException" {
		t.Errorf("deleted a version with an alias: %v", err)
	}
	list, err := a.functions.ListAliases(ctx, &awslambda.ListAliasesInput{FunctionName: aws.String("environ"), FunctionVersion: aws.String("2")})
	if err != nil || len(list.Aliases) != 1 || *list.Aliases[0].Name != "live" {
		t.Errorf("aliases of 2: %+v %v", list, err)
	}
	if _, err := a.functions.DeleteAlias(ctx, &awslambda.DeleteAliasInput{FunctionName: aws.String("environ"), Name: aws.String("live")}); err != nil {
		t.Fatal(err)
	}
	var gone *types.ResourceNotFoundException
	_, err = a.functions.GetAlias(ctx, &awslambda.GetAliasInput{FunctionName: aws.String("environ"), Name: aws.String("live")})
	if !errors.As(err, &gone) || !strings.Contains(gone.ErrorMessage(), "Cannot find alias arn") {
		t.Errorf("deleted alias: %v", err)
	}
}
