"""From labelled explanations to global ones: what a network sees in a class (docs/global.md). No torch, no widgets."""
