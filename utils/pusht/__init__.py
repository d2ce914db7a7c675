"""Push-T: push a T-shaped block onto its target, learnt from 206 human demonstrations."""
