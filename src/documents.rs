//! Paper: slips and PIN letters as PDF. Values in, bytes out.
