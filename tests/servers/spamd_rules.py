"""Rules for a real spamd that show what a report can hold; each matches a word that no other test's mail has."""

LONG = (
    "A very long description that goes on and on, beyond the seventy-five columns that the report has, and then beyond them again "
    "[with brackets] at  the end of everything"
)
FOREIGN = "Größe und à la carte é à é à é à é à é à é à é à é à é à é à é à é à é à é 日本語 日本語"
CONFIGURATION = f"""\
loadplugin FindsText {{site}}/FindsText.pm
body LOCAL_FINDS eval:finds_text()
score LOCAL_FINDS 0.5
describe LOCAL_FINDS Text of the message
body LOCAL_LONG /LOCALLONG/
score LOCAL_LONG 0.001
describe LOCAL_LONG {LONG}
body LOCAL_FOREIGN /LOCALFOREIGN/
score LOCAL_FOREIGN 12.5
describe LOCAL_FOREIGN {FOREIGN}
header LOCAL_A_NAME_THAT_IS_LONGER_THAN_TWENTY_TWO Subject =~ /LOCALNAME/
score LOCAL_A_NAME_THAT_IS_LONGER_THAN_TWENTY_TWO -9.96
body LOCAL_MANY /LOCALMANY/
tflags LOCAL_MANY multiple
score LOCAL_MANY 0.7
describe LOCAL_MANY Many times
"""
FILES = {
    # As Mail::SpamAssassin::Plugin::OLEVBMacro logs the links of an office file, which hold whatever their author likes.
    "FindsText.pm": """\
package FindsText;
use strict;
use warnings;
use Mail::SpamAssassin::Plugin;
our @ISA = qw(Mail::SpamAssassin::Plugin);
sub new {
  my ($class, $main) = @_;
  my $self = $class->SUPER::new($main);
  bless($self, $class);
  $self->register_eval_rule("finds_text", $Mail::SpamAssassin::Conf::TYPE_BODY_EVALS);
  return $self;
}
sub finds_text {
  my ($self, $pms) = @_;
  return 0 unless $pms->{msg}->get_pristine_body() =~ /FINDS<([^>]*)>/;
  (my $text = $1) =~ tr/~/\\n/;
  $pms->test_log($text);
  return 1;
}
1;
"""
}
"""``FINDS<...>`` in a body is what LOCAL_FINDS finds, ``~`` standing for a line end."""
