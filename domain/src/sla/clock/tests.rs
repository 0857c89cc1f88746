mod cases;
mod reference;
mod story;
