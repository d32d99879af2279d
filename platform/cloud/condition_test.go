package cloud

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// A deployer whose policy names one function in conditions may connect that
// function and no other, and may hand roles to Lambda. Whatever is allowed
// fails later, on what does not exist.
func TestLambdaConditionKeys(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	cfg := rootConfig(t, c)
	ctx := t.Context()
	admin := iam.NewFromConfig(cfg)
	name := aws.String("deployer")
	if _, err := admin.CreateUser(ctx, &iam.CreateUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	_, err := admin.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"lambda:*EventSourceMapping","Resource":"*","Condition":{"ArnEquals":{"lambda:FunctionArn":"arn:aws:lambda:*:*:function:mine"}}},
			{"Effect":"Allow","Action":["lambda:CreateFunction"],"Resource":"*"},
			{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := admin.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	functions := awslambda.NewFromConfig(cfg)

	connect := func(function string) error {
		_, err := functions.CreateEventSourceMapping(ctx, &awslambda.CreateEventSourceMappingInput{
			FunctionName: &function, EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:123456789012:stream/none"),
			StartingPosition: lambdatypes.EventSourcePositionTrimHorizon,
		})
		return err
	}
	_, create := functions.CreateFunction(ctx, &awslambda.CreateFunctionInput{
		FunctionName: aws.String("mine"), Role: aws.String("arn:aws:iam::123456789012:role/none"),
		Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &lambdatypes.FunctionCode{ZipFile: []byte("no zip")},
	})
	for what, test := range map[string]struct {
		err    error
		denied bool
	}{
		"the function named":       {connect("mine"), false},
		"the function by ARN":      {connect("arn:aws:lambda:us-east-1:123456789012:function:mine"), false},
		"another function":         {connect("theirs"), true},
		"a function with this end": {connect("not-mine"), true},
		"handing over a role":      {create, false},
	} {
		if test.err == nil || (codeOf(test.err) == "AccessDeniedException") != test.denied {
			t.Errorf("%s: %v, denied should be %v", what, test.err, test.denied)
		}
	}
}
