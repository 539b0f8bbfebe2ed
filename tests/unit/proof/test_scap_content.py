"""Cutting a datastream: the wanted rules stay with all that they refer to, platforms go."""

from __future__ import annotations

from pathlib import Path

from tests.live.scap_content import PREFIX, trim

_STREAM = f"""\
<d:data-stream-collection xmlns:d="http://scap.nist.gov/schema/scap/source/1.2"
    xmlns:x="http://checklists.nist.gov/xccdf/1.2" xmlns:o="http://oval.mitre.org/XMLSchema/oval-definitions-5">
<d:component id="xccdf"><x:Benchmark><x:Group id="g"><x:platform idref="cpe:other"/>
  <x:Rule id="{PREFIX}kept"><x:description>text</x:description>
    <x:check system="oval"><x:check-content-ref name="oval:a:def:1"/></x:check>
    <x:check system="ocil"><x:check-content-ref name="ocil:1"/></x:check></x:Rule>
  <x:Rule id="{PREFIX}other"><x:check system="oval"><x:check-content-ref name="oval:b:def:1"/></x:check></x:Rule>
</x:Group></x:Benchmark></d:component>
<d:component id="oval"><o:oval_definitions>
  <o:definitions>
    <o:definition id="oval:a:def:1"><o:criterion test_ref="oval:a:tst:1"/></o:definition>
    <o:definition id="oval:b:def:1"><o:criterion test_ref="oval:b:tst:1"/></o:definition>
  </o:definitions>
  <o:tests><o:t id="oval:a:tst:1"><o:object object_ref="oval:a:obj:1"/></o:t><o:t id="oval:b:tst:1"/></o:tests>
  <o:objects><o:ob id="oval:a:obj:1"><o:filter>oval:a:ste:1</o:filter></o:ob></o:objects>
  <o:states><o:s id="oval:a:ste:1"/><o:s id="oval:b:ste:1"/></o:states>
  <o:variables><o:v id="oval:b:var:1"/></o:variables>
</o:oval_definitions></d:component>
<d:component id="cpe-oval"><o:oval_definitions><o:definitions><o:definition id="oval:c:def:1"/></o:definitions>
</o:oval_definitions></d:component>
</d:data-stream-collection>
"""  # noqa: E501


def test_a_kept_rule_keeps_what_it_refers_to_and_loses_its_platform(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.xml", tmp_path / "cut.xml"
    whole.write_text(_STREAM)
    trim(whole, {"kept"}, cut)
    text = cut.read_text()
    for name in ("kept", "oval:a:def:1", "oval:a:tst:1", "oval:a:obj:1", "oval:a:ste:1", "oval:c:def:1"):
        assert name in text, name
    for name in ("other", "oval:b:", "ocil", "platform", "description", "variables"):
        assert name not in text, name
