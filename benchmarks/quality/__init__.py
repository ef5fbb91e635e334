"""Quality of detection, repair and matching, measured on articles damaged by design."""
